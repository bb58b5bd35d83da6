import { describe, expect, it } from 'vitest';
import type { Event } from '../../../../core/sdk/index.ts';
import slack from '../../../../outputs/slack/index.ts';
import { slackPayload } from '../../../../outputs/slack/payload.ts';
import { decoded } from '../../../support/decoded.ts';
import { goldenOf } from '../../../support/golden.ts';
import {
  batchOf,
  contextOf,
  eventOf,
  inRequests,
  misbehaving,
  neverAborts,
  recordingLogger,
} from '../support.ts';

const events = { map: (event: Event) => ({ ok: true, record: event }) as const };

describe('slack', () => {
  it.each(goldenOf('slack'))('sends what Falcosidekick sends for input $id', async ({ event, body }) => {
    const server = await misbehaving();
    const output = slack.create(
      decoded(slack, {
        webhook_url: `${server.url}/services/x`,
        username: 'Falcosidekick',
        icon: 'https://raw.githubusercontent.com/falcosecurity/falcosidekick/master/imgs/falcosidekick.png',
        footer: 'https://github.com/falcosecurity/falcosidekick',
        message_template: 'Rule: {{ rule }} Priority: {{ priority }}',
      }),
      contextOf(events),
    );
    expect(await output.deliver(batchOf([event]), neverAborts())).toEqual({ status: 'delivered' });
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual(body);
    await output.stop?.(neverAborts());
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
    const output = slack.create(decoded(slack, { webhook_url: server.url }), contextOf(events));
    const batch = batchOf([eventOf(), eventOf(), eventOf(), eventOf()]);
    expect(await inRequests(output, { events: 1 })(batch, neverAborts())).toMatchObject({
      status: 'retry',
      after: 3_000,
      failed: [2, 3],
      rejected: [{ index: 1, reason: expect.stringContaining('400') }],
    });
    await output.stop?.(neverAborts());
    await server.stop();
  });

  it('sends an event whose template fails without the text', async () => {
    const server = await misbehaving();
    const log = recordingLogger();
    const options = {
      webhook_url: server.url,
      message_template: '{% for i in (1..99999999) %}x{% endfor %}',
    };
    const output = slack.create(decoded(slack, options), contextOf(events, log));
    expect((await output.deliver(batchOf([eventOf()]), neverAborts())).status).toBe('delivered');
    expect(JSON.parse(server.received[0]?.body ?? '')).not.toHaveProperty('text');
    expect(log.lines).toHaveLength(1);
    await output.stop?.(neverAborts());
    await server.stop();
  });
});

describe('slackPayload', () => {
  const look = { format: 'all', all_fields: false } as const;
  const titles = (payload: Record<string, unknown>) =>
    (payload.attachments as { fields: { title: string }[] }[])[0]!.fields.map(({ title }) => title);

  it('is the attachment that Falcosidekick sends', () => {
    const event = eventOf({
      output: 'Shell by root',
      rule: 'Terminal shell',
      priority: 'Error',
      time: Date.UTC(2019, 4, 17, 15, 31, 56, 746),
      timeText: '2019-05-17T15:31:56.746609046Z',
      tags: ['shell', 'container'],
      fields: { 'proc.name': 'sh', 'fd.name': '/bin/hack', 'proc.pid': 7, a: null },
    });
    const all = { ...look, username: 'Tiercel', channel: '#c', icon: 'https://i', footer: 'f' };
    expect(slackPayload(event, 'a line', all)).toEqual({
      text: 'a line',
      username: 'Tiercel',
      channel: '#c',
      icon_url: 'https://i',
      attachments: [
        {
          fallback: 'Shell by root',
          color: '#e20b0b',
          text: 'Shell by root',
          fields: [
            { title: 'rule', value: 'Terminal shell', short: true },
            { title: 'priority', value: 'Error', short: true },
            { title: 'source', value: 'syscall', short: true },
            { title: 'hostname', value: 'host-1', short: true },
            { title: 'tags', value: 'container, shell', short: true },
            { title: 'fd.name', value: '/bin/hack', short: true },
            { title: 'proc.name', value: 'sh', short: true },
            { title: 'time', value: '2019-05-17 15:31:56.746609046 +0000 UTC', short: false },
          ],
          footer: 'f',
        },
      ],
    });
  });

  it('leaves out what an event or the options do not have', () => {
    const event = eventOf({ source: '', hostname: '', fields: { n: 1, t: 'x', z: null } });
    const payload = slackPayload(event, '', look);
    expect(Object.keys(payload)).toEqual(['attachments']);
    expect(titles(payload)).toEqual(['rule', 'priority', 't', 'time']);
    expect(titles(slackPayload(event, '', { ...look, all_fields: true }))).toEqual([
      'rule',
      'priority',
      'n',
      't',
      'time',
    ]);
  });

  it.each([
    [35, true],
    [36, false],
  ])('puts values of less than 36 characters two in a row: %i', (length, short) => {
    // A character beyond 16 bits is one.
    for (const value of ['x'.repeat(length), '😀'.repeat(length)]) {
      const payload = slackPayload(eventOf({ fields: { a: value } }), '', look);
      expect(payload).toMatchObject({
        attachments: [{ fields: expect.arrayContaining([{ title: 'a', value, short }]) }],
      });
    }
  });

  it.each([
    ['2026-01-02T03:04:05Z', '2026-01-02 03:04:05 +0000 UTC'],
    ['2026-01-02T03:04:05.000000000Z', '2026-01-02 03:04:05 +0000 UTC'],
    ['2026-01-02T03:04:05.120000000Z', '2026-01-02 03:04:05.12 +0000 UTC'],
    ['2026-01-02T05:04:05.001+02:00', '2026-01-02 03:04:05.001 +0000 UTC'],
  ])('writes the time %s in UTC', (timeText, value) => {
    const payload = slackPayload(eventOf({ timeText }), '', look);
    expect(JSON.stringify(payload)).toContain(JSON.stringify({ title: 'time', value, short: false }));
  });

  it.each([
    ['Emergency', '#e20b0b'],
    ['Alert', '#ff5400'],
    ['Critical', '#ff5400'],
    ['Error', '#e20b0b'],
    ['Warning', '#ffc700'],
    ['Notice', '#5bffb5'],
    ['Informational', '#68c2ff'],
    ['Debug', '#ccfff2'],
  ] as const)('has a colour for %s', (priority, color) => {
    expect(slackPayload(eventOf({ priority }), '', look)).toMatchObject({ attachments: [{ color }] });
  });
});
