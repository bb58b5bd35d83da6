import * as adaptivecards from 'adaptivecards';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Event, Priority } from '../../../../core/sdk/index.ts';
import { PRIORITIES } from '../../../../core/sdk/index.ts';
import { examine } from '../../../../core/testing/examine.ts';
import teams from '../../../../outputs/teams/index.ts';
import { goldenOf } from '../../../support/golden.ts';
import { batchOf, eventOf, inRequests, made, misbehaving, neverAborts } from '../support.ts';

const events = { map: (event: Event) => ({ ok: true, record: event }) as const };
const LIMIT = 20_000;

interface Card {
  readonly body: {
    readonly type: string;
    readonly style?: string;
    readonly text?: string;
    readonly items?: { text?: string; type: string; url?: string }[];
    readonly inlines?: { text: string }[];
    readonly facts?: { title: string; value: string }[];
  }[];
}

/** What would be posted for an event. */
function bodyOf(event: Event, options: object = {}): string {
  const output = made(teams, { webhook_url: 'https://example.com/w', ...options }, events);
  return String(output.preview!({ records: [event], events: [event] }));
}

function cardOf(event: Event, options: object = {}): Card {
  const message = JSON.parse(bodyOf(event, options)) as {
    attachments: { contentType: string; content: Card }[];
  };
  expect(message).toMatchObject({
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null }],
  });
  return message.attachments[0]!.content;
}

/** What Microsoft's parser of Adaptive Cards finds wrong, and whether it reads back all of the card. */
function problemsOf(card: object): string[] {
  const context = new adaptivecards.SerializationContext(adaptivecards.Versions.v1_4);
  const parsed = new adaptivecards.AdaptiveCard();
  parsed.parse(card, context);
  const problems = Array.from({ length: context.eventCount }, (_, i) => context.getEventAt(i)!.message);
  // The property of Teams is no part of the schema.
  const { msteams: _, ...own } = card as { msteams?: unknown };
  const { msteams: __, ...back } = parsed.toJSON() as { msteams?: unknown };
  if (JSON.stringify(sorted(back)) !== JSON.stringify(sorted(own)))
    problems.push(`reads ${JSON.stringify(back)}`);
  return problems;
}

/** With members in one order, and without those that have their default. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([name, each]) => !(name === 'style' && each === 'default'));
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, sorted(v)]));
}

async function setUp(answer: Parameters<typeof misbehaving>[0]) {
  const server = await misbehaving(answer);
  const output = made(teams, { webhook_url: `${server.url}/hook?sig=the-signature` }, events);
  onTestFinished(async () => {
    await output.stop?.(neverAborts());
    await server.stop();
  });
  const deliver = (count = 1) =>
    inRequests(output, { events: 1 })(batchOf(Array.from({ length: count }, () => eventOf())), neverAborts());
  return { server, output, deliver };
}

describe('the card for a workflow', () => {
  const full = eventOf({
    output: 'Shell by root: *x* [y](https://z)',
    priority: 'Critical',
    tags: ['b', 'a'],
    timeText: '2026-01-02T03:04:05.123456789Z',
    fields: { 'proc.cmdline': 'sh -c _x_', n: 7 },
  });

  it('has a head, the text and the facts', () => {
    const card = cardOf(full, { activity_image: 'https://example.com/falco.png', all_fields: true });
    expect(card).toEqual({
      type: 'AdaptiveCard',
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      version: '1.4',
      msteams: { width: 'Full' },
      fallbackText: 'Shell by root: *x* [y](https://z)',
      body: [
        {
          type: 'Container',
          style: 'attention',
          bleed: true,
          items: [
            { type: 'Image', url: 'https://example.com/falco.png', size: 'Small', altText: 'Tiercel' },
            { type: 'TextBlock', text: 'Test rule', weight: 'Bolder', size: 'Medium', wrap: true },
            {
              type: 'TextBlock',
              text: 'Critical · host-1 · 2026-01-02 03:04:05.123456789 +0000 UTC',
              isSubtle: true,
              spacing: 'None',
              wrap: true,
            },
          ],
        },
        {
          type: 'RichTextBlock',
          inlines: [{ type: 'TextRun', text: 'Shell by root: *x* [y](https://z)' }],
        },
        {
          type: 'FactSet',
          facts: [
            { title: 'rule', value: 'Test rule' },
            { title: 'priority', value: 'Critical' },
            { title: 'source', value: 'syscall' },
            { title: 'hostname', value: 'host-1' },
            { title: 'n', value: '7' },
            { title: 'proc.cmdline', value: 'sh -c \\_x\\_' },
            { title: 'tags', value: 'a, b' },
          ],
        },
      ],
    });
  });

  it.each([
    ['text', ['Container', 'RichTextBlock']],
    ['facts', ['Container', 'FactSet']],
    ['all', ['Container', 'RichTextBlock', 'FactSet']],
  ])('shows %s', (show, types) => {
    expect(cardOf(full, { show }).body.map(({ type }) => type)).toEqual(types);
  });

  it('does without a text, a host, tags and values', () => {
    const card = cardOf(eventOf({ output: '', hostname: '', fields: { a: '', '': 'b' } }));
    expect(card.body[1]?.facts?.map(({ title }) => title)).toEqual(['rule', 'priority', 'source']);
    expect(problemsOf(card)).toEqual([]);
    expect(card).toMatchObject({ fallbackText: 'Test rule' });
    expect(card.body.map(({ type }) => type)).toEqual(['Container', 'FactSet']);
  });

  it.each([
    ['Emergency', 'attention'],
    ['Alert', 'attention'],
    ['Critical', 'attention'],
    ['Error', 'attention'],
    ['Warning', 'warning'],
    ['Notice', 'accent'],
    ['Informational', 'emphasis'],
    ['Debug', 'default'],
  ] as const)('has a style for %s', (priority, style) => {
    expect(cardOf(eventOf({ priority })).body[0]).toMatchObject({ style });
  });

  it('is refused by the parser when it is wrong: the parser looks at it', () => {
    expect(problemsOf({ ...cardOf(full), body: [{ type: 'TextBlocks', text: 'x' }] })).not.toEqual([]);
    expect(
      problemsOf({ ...cardOf(full), body: [{ type: 'TextBlock', text: 'x', size: 'Big' }] }),
    ).not.toEqual([]);
  });

  it('says that it was cut, and of which event', () => {
    const card = cardOf(eventOf({ output: 'x'.repeat(50_000) }));
    expect(card.body[1]?.inlines?.[0]?.text).toBe(`${'x'.repeat(4_000)}… (cut)`);
    expect(card.body.at(-1)?.text).toBe(
      'Cut to fit into a message. Event 11111111-2222-4333-8444-555555555555',
    );
  });
});

describe('every card', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ minLength: 3_000, maxLength: 30_000 }),
    fc.constantFrom('\u0000'.repeat(5_000), '😀'.repeat(9_000), '*_[](<&'.repeat(2_000), '- x\n1. y\n# z'),
  );
  const arbitrary = fc.record({
    output: texts,
    rule: texts.filter((rule) => rule !== ''),
    hostname: texts,
    priority: fc.constantFrom<Priority[]>(...PRIORITIES),
    tags: fc.array(texts, { maxLength: 5 }),
    fields: fc.dictionary(fc.string({ maxLength: 300 }), texts, { maxKeys: 200 }),
  });
  const formats = fc.record({
    format: fc.constantFrom('adaptive_card', 'message_card'),
    show: fc.constantFrom('all', 'text', 'facts'),
    all_fields: fc.boolean(),
  });

  it('fits into a message, and is one that Teams can read', () => {
    fc.assert(
      fc.property(arbitrary, formats, (members, options) => {
        const body = bodyOf(eventOf(members), options);
        expect(Buffer.byteLength(body)).toBeLessThanOrEqual(LIMIT);
        expect(Buffer.from(body).toString()).toBe(body);
        if (options.format === 'adaptive_card') {
          const [{ content }] = (JSON.parse(body) as { attachments: [{ content: object }] }).attachments;
          expect(problemsOf(content)).toEqual([]);
        }
      }),
    );
  });
});

describe('a card with many fields', () => {
  const fields = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`field-${n}`, '€'.repeat(100)]));

  it.each(['adaptive_card', 'message_card'])('leaves some of them out: %s', (format) => {
    const body = bodyOf(eventOf({ fields }), { format });
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(LIMIT);
    const shown = new Set(body.match(/field-\d+/g)).size;
    expect(shown).toBeGreaterThan(30);
    expect(shown).toBeLessThan(40);
  });
});

describe('the card for a connector', () => {
  it.each(goldenOf('teams'))('is that of Falcosidekick for input $id', ({ event, body }) => {
    const card = JSON.parse(bodyOf(event, { format: 'message_card' })) as { sections: object[] };
    expect(card.sections[0]).toMatchObject({ activityTitle: 'Tiercel' });
    expect({ ...card, sections: [{ ...card.sections[0], activityTitle: 'Falcosidekick' }] }).toEqual(body);
  });

  it('shows text or facts alone, a picture, and what was cut', () => {
    const event = eventOf({ output: '<b>*x*</b>', fields: { a: 'b' } });
    const sectionOf = (options: object, each = event) =>
      (JSON.parse(bodyOf(each, { format: 'message_card', ...options })) as { sections: [object] })
        .sections[0];
    expect(sectionOf({ show: 'text', activity_image: 'https://i' })).toEqual({
      activityTitle: 'Tiercel',
      activitySubtitle: '2026-01-02 03:04:05 +0000 UTC',
      activityImage: 'https://i',
      text: '&lt;b>\\*x\\*&lt;/b>',
    });
    expect(sectionOf({ show: 'facts' })).toMatchObject({ text: '' });
    const long = eventOf({ output: 'x'.repeat(50_000) });
    expect(sectionOf({ show: 'text' }, long)).toMatchObject({
      facts: [{ name: 'cut', value: expect.stringContaining(long.id) }],
    });
  });
});

describe('teams', () => {
  it('is delivered by the 202 of a workflow, one event a request', async () => {
    const { server, deliver } = await setUp((_, response) => response.writeHead(202).end());
    expect(await deliver(3)).toMatchObject({ status: 'delivered' });
    expect(server.received).toHaveLength(3);
  });

  it('is delivered by the 1 of a connector', async () => {
    const { deliver } = await setUp((_, response) => response.end('1'));
    expect(await deliver()).toEqual({ status: 'delivered' });
  });

  const failed = (status: number) =>
    `Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error ${status} with ContextId tcid=0,server=x,cv=y..`;

  it.each([
    [failed(429), { status: 'retry' }],
    [failed(404), { status: 'retry' }],
    [failed(503), { status: 'retry' }],
    [failed(400), { status: 'retry' }],
    [failed(403), { status: 'retry', denied: true }],
    [failed(999), { status: 'retry' }],
    [
      'Webhook message delivery failed with error: Error contacting Microsoft Teams endpoint',
      { status: 'retry' },
    ],
    [failed(413), { status: 'delivered', rejected: [{ index: 0, reason: expect.stringContaining('413') }] }],
  ])('reads the error in an answer of 200: %s', async (text, expected) => {
    const { deliver } = await setUp((_, response) => response.end(text));
    expect(await deliver()).toMatchObject(expected);
  });

  it('keeps events while the workflow is switched off, and sets aside what it does not take', async () => {
    const error = (code: string) => JSON.stringify({ error: { code, message: `${code}: the-signature` } });
    const { deliver } = await setUp((_, response, count) =>
      response
        .writeHead(400)
        .end(error(count === 1 ? 'WorkflowTriggerIsNotEnabled' : 'TriggerInputSchemaMismatch')),
    );
    const off = await deliver();
    expect(off).toMatchObject({
      status: 'retry',
      reason: expect.stringContaining('WorkflowTriggerIsNotEnabled'),
    });
    expect(JSON.stringify(off)).not.toContain('the-signature');
    expect(await deliver()).toMatchObject({ status: 'delivered', rejected: [{ index: 0 }] });
  });

  it('waits when it is throttled', async () => {
    const { deliver } = await setUp((_, response) => response.writeHead(429, { 'retry-after': '5' }).end());
    expect(await deliver(2)).toMatchObject({ status: 'retry', after: 5_000, failed: [0, 1] });
  });

  it('posts no card for a check', async () => {
    const { server, output } = await setUp((_, response) => response.writeHead(405).end());
    expect(await examine(output, neverAborts())).toMatchObject({ problems: [] });
    expect(server.received.map(({ method }) => method)).toEqual(['HEAD']);
  });
});
