import { describe, expect, it } from 'vitest';
import { compileRoute, createRouter, type RouteSpec } from '../../../../core/routing/route.ts';
import { sampleEvent } from '../../../support/events.ts';

function route(spec: RouteSpec, onFailure?: (reason: string) => void) {
  const compiled = compileRoute(spec, onFailure);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  return compiled.route;
}

describe('a route', () => {
  it('wants everything when it says nothing', () => {
    expect(route({}).wants(sampleEvent())).toBe(true);
    expect(route({ match: {} }).explain(sampleEvent())).toMatchObject({ wanted: true });
  });

  it.each<[RouteSpec, string]>([
    [{ minimum_priority: 'warning', match: { priorities: ['debug', 'notice'] } }, 'match.priorities'],
    [{ match: { rules: ['Terminal shell in container', '!Terminal *'] } }, 'match.rules'],
    [{ match: { sources: ['!*'] } }, 'match.sources'],
    [{ match: { tags: ['a*', '!a*'] } }, 'match.tags'],
    [{ when: ' false ' }, 'when'],
    [{ when: '1 == 2' }, 'when'],
    [{ when: 'priority > "emergency"' }, 'when'],
    [{ when: 'priority == "debug" && priority == "alert"' }, 'when'],
    [{ minimum_priority: 'critical', when: 'priority < "critical"' }, 'when'],
    [{ minimum_priority: 'critical', when: 'priority == "error"' }, 'when'],
    [{ match: { priorities: ['debug', 'alert'] }, when: 'priority == "error"' }, 'when'],
    [{ minimum_priority: 'error', match: { priorities: ['warning', 'debug'] } }, 'match.priorities'],
    [{ match: { hostnames: ['!a', '!*'] } }, 'match.hostnames'],
  ])('is refused when no event can meet it: %j', (spec, path) => {
    const compiled = compileRoute(spec);
    expect(compiled.ok).toBe(false);
    if (compiled.ok) return;
    expect(compiled.errors.map((error) => error.path.join('.'))).toEqual([path]);
    expect(compiled.errors[0]!.message).toContain('no event can reach this output');
  });

  it.each<RouteSpec>([
    { minimum_priority: 'warning', match: { priorities: ['debug', 'alert'] } },
    { match: { tags: ['a*', '!a?'] } },
    { match: { tags: ['a', '!b'] } },
    { match: { hostnames: ['!node-9'] } },
    { minimum_priority: 'error', match: { priorities: ['error', 'debug'] } },
    { match: { rules: ['a', 'b', '!b'] } },
    { when: 'priority == "critical"' },
    { when: 'priority == "debug"' },
    { when: 'priority == "emergency"' },
    { when: 'priority in ["critical", "alert"]' },
    { when: 'priority >= "warning"' },
    { when: 'priority <= "warning"' },
    { when: 'priority != "debug"' },
    { when: 'true' },
    // A bracket that is open is no pattern here.
    { when: 'rule.contains("(")' },
    { when: 'rule.startsWith("[") || rule == "("' },
    { minimum_priority: 'critical', when: 'priority <= "critical"' },
    { minimum_priority: 'critical', when: 'priority == "critical"' },
    { match: { priorities: ['debug', 'alert'] }, when: 'priority == "alert"' },
    // Never true, and nothing that is tried out: it is not about the priority alone.
    { when: 'priority > "emergency" && rule == "x"' },
    { when: 'rule == "x" && rule == "y"' },
  ])('is taken when some event can meet it: %j', (spec) => {
    expect(compileRoute(spec).ok).toBe(true);
  });

  it.each<[RouteSpec, string, boolean]>([
    [{}, 'wanted: the output has no conditions', true],
    [{ minimum_priority: 'info' }, 'wanted: priority Notice, minimum_priority Informational', true],
    [{ minimum_priority: 'ERROR' }, 'not wanted: priority Notice, minimum_priority Error', false],
    [
      { match: { priorities: ['debug', 'alert'] } },
      'not wanted: priority Notice, match.priorities debug, alert',
      false,
    ],
    [{ match: { tags: ['a*'] } }, 'not wanted: tags ["x","y"], match.tags ["a*"]', false],
    [
      { match: { sources: ['s'], tags: ['x'] } },
      'wanted: sources ["s"], match.sources ["s"]; tags ["x","y"], match.tags ["x"]',
      true,
    ],
    [{ match: { rules: undefined } } as never, 'wanted: the output has no conditions', true],
    [{ when: 'rule == "r"' }, 'wanted: when: rule == "r"', true],
    [{ when: 'rule == "q"' }, 'not wanted: when: rule == "q"', false],
    [{ when: 'fields["x"] > 3' }, 'wanted: when could not be evaluated (', true],
  ])('explains its answer: %j', (spec, why, wanted) => {
    const event = sampleEvent({ priority: 'Notice', tags: ['x', 'y'], source: 's', rule: 'r' });
    const explained = route(spec).explain(event);
    expect(explained).toEqual({ wanted, why: why.endsWith('(') ? expect.stringContaining(why) : why });
    expect(route(spec).wants(event)).toBe(wanted);
  });

  it('names a condition that is unknown, with what is known', () => {
    expect(compileRoute({ match: { rule: ['x'], sources: ['y'] } } as RouteSpec)).toEqual({
      ok: false,
      errors: [
        {
          path: ['match', 'rule'],
          message: 'unknown condition "rule"',
          word: 'rule',
          candidates: ['rules', 'sources', 'tags', 'hostnames', 'namespaces', 'priorities'],
        },
      ],
    });
  });

  it('follows the order of Falco', () => {
    const { wants } = route({ minimum_priority: 'info' });
    expect(wants(sampleEvent({ priority: 'Emergency' }))).toBe(true);
    expect(wants(sampleEvent({ priority: 'Informational' }))).toBe(true);
    expect(wants(sampleEvent({ priority: 'Debug' }))).toBe(false);
  });

  it('asks for all conditions', () => {
    const { wants, explain } = route({
      minimum_priority: 'notice',
      match: { rules: ['Terminal *'], sources: ['syscall'], tags: ['cont*'], hostnames: ['!node-9'] },
      when: 'fields["proc.name"] != "bash"',
    });
    expect(wants(sampleEvent())).toBe(true);
    const other = sampleEvent({ hostname: 'node-9' });
    expect(wants(other)).toBe(false);
    expect(explain(other)).toEqual({
      wanted: false,
      why: 'not wanted: hostnames ["node-9"], match.hostnames ["!node-9"]',
    });
  });

  it('looks for the namespace in both fields', () => {
    const { wants } = route({ match: { namespaces: ['prod', '!kube-*'] } });
    expect(wants(sampleEvent({ fields: { 'k8s.ns.name': 'prod' } }))).toBe(true);
    expect(wants(sampleEvent({ fields: { 'ka.target.namespace': 'prod' } }))).toBe(true);
    expect(wants(sampleEvent({ fields: { 'k8s.ns.name': null } }))).toBe(false);
    expect(
      wants(sampleEvent({ fields: { 'k8s.ns.name': 'prod', 'ka.target.namespace': 'kube-system' } })),
    ).toBe(false);
  });

  it('takes lists of priorities', () => {
    const { wants } = route({ match: { priorities: ['critical', 'NOTICE'] } });
    expect(wants(sampleEvent({ priority: 'Notice' }))).toBe(true);
    expect(wants(sampleEvent({ priority: 'Alert' }))).toBe(false);
  });

  it('tells of the first failure of when, counts all, and wants the events', () => {
    const reasons: string[] = [];
    const { wants, failures } = route({ when: 'fields["x"] > 3' }, (reason) => reasons.push(reason));
    expect([wants(sampleEvent()), wants(sampleEvent())]).toEqual([true, true]);
    expect(reasons).toHaveLength(1);
    expect(failures()).toBe(2);
  });

  it('names every mistake', () => {
    const compiled = compileRoute({
      minimum_priority: 'hihg',
      match: { priorities: ['error', 'wrong'], rules: [] },
      when: 'rul == "x"',
    });
    expect(compiled).toMatchObject({
      ok: false,
      errors: [
        { path: ['minimum_priority'], word: 'hihg' },
        { path: ['match', 'priorities', 1], word: 'wrong' },
        { path: ['match', 'rules'] },
        { path: ['when'], offset: 0, word: 'rul' },
      ],
    });
  });
});

describe('the router', () => {
  it('gives the same array for the same set', () => {
    const ask = createRouter([
      { name: 'lake', wants: () => true },
      { name: 'oncall', wants: route({ minimum_priority: 'error' }).wants },
      { name: 'files', wants: route({ match: { sources: ['k8s_audit'] } }).wants },
    ]);
    const quiet = ask(sampleEvent());
    expect(quiet).toEqual(['lake']);
    expect(ask(sampleEvent({ hostname: 'other' }))).toBe(quiet);
    expect(ask(sampleEvent({ priority: 'Alert' }))).toEqual(['lake', 'oncall']);
    expect(ask(sampleEvent({ source: 'k8s_audit' }))).toEqual(['lake', 'files']);
    expect(createRouter([])(sampleEvent())).toEqual([]);
  });
});
