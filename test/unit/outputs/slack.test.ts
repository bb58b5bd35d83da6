import { describe, expect, it } from 'vitest';
import type { Event } from '../../../core/index.ts';
import slack from '../../../outputs/slack/index.ts';
import { slackPayload } from '../../../outputs/slack/payload.ts';
import { goldenOf } from '../../support/golden.ts';
import { batchOf, calm, contextOf, eventOf, misbehaving, recordingLogger } from './support.ts';

const events = { map: (event: Event) => ({ ok: true, record: event }) as const };

describe('slack', () => {
  it.each(goldenOf('slack'))('sends what Falcosidekick sends for input $id', async ({ event, body }) => {
    const server = await misbehaving();
    const output = slack.create(
      {
        webhook_url: `${server.url}/services/x`,
        username: 'Falcosidekick',
        icon: 'https://raw.githubusercontent.com/falcosecurity/falcosidekick/master/imgs/falcosidekick.png',
        footer: 'https://github.com/falcosecurity/falcosidekick',
        message_template: 'Rule: {{ rule }} Priority: {{ priority }}',
      },
      contextOf(events),
    );
    expect(await output.deliver(batchOf([event]), calm())).toEqual({ status: 'delivered' });
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual(body);
    await output.stop?.(calm());
    await server.stop();
  });

  it('lets no event write a mention or a link', () => {
    const event = eventOf({ output: '<!channel> a & b', fields: { 'proc.cmdline': '<https://x|y>' } });
    const text = JSON.stringify(slackPayload(event, '', { format: 'all', all_fields: false }));
    expect(text).not.toMatch(/[<>]/);
    expect(text).toContain('&lt;!channel&gt; a &amp; b');
  });

  it('shows text or fields only, and every field when asked', () => {
    const event = eventOf({ fields: { 'proc.pid': 18446744073670260079n, a: null } });
    const look = { format: 'text', all_fields: false, footer: 'f' } as const;
    expect(slackPayload(event, '', look)).toEqual({
      attachments: [{ fallback: 'something happened', color: '#ffc700', text: 'something happened' }],
    });
    const fields = JSON.stringify(slackPayload(event, '', { format: 'fields', all_fields: true }));
    expect(fields).toContain('18446744073670260079');
    expect(fields).not.toContain('"text"');
  });

  it('delivers each of a batch, and holds what is behind one that must wait', async () => {
    const server = await misbehaving((_, response, count) => {
      response.writeHead([200, 400, 429][count - 1] ?? 200, { 'retry-after': '3' });
      response.end();
    });
    const output = slack.create({ webhook_url: server.url }, contextOf(events));
    const batch = batchOf([eventOf(), eventOf(), eventOf(), eventOf()]);
    expect(await output.deliver(batch, calm())).toMatchObject({
      status: 'retry',
      after: 3_000,
      failed: [2, 3],
      rejected: [{ index: 1, reason: expect.stringContaining('400') }],
    });
    await output.stop?.(calm());
    await server.stop();
  });

  it('sends an event whose template fails without the text', async () => {
    const server = await misbehaving();
    const log = recordingLogger();
    const options = {
      webhook_url: server.url,
      message_template: '{% for i in (1..99999999) %}x{% endfor %}',
    };
    const output = slack.create(options, contextOf(events, log));
    expect((await output.deliver(batchOf([eventOf()]), calm())).status).toBe('delivered');
    expect(JSON.parse(server.received[0]?.body ?? '')).not.toHaveProperty('text');
    expect(log.lines).toHaveLength(1);
    await output.stop?.(calm());
    await server.stop();
  });
});
