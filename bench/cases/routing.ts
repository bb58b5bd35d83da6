import type { Event } from '../../core/event/event.ts';
import { compileRoute, createRouter, type RouteSpec } from '../../core/routing/route.ts';
import { compareCosts, freshEvents, jsonParse, type Work } from '../lib/cost.ts';
import type { Case } from '../lib/report.ts';

const KINDS: Readonly<Record<string, (n: number) => RouteSpec>> = {
  minimum_priority: () => ({ minimum_priority: 'warning' }),
  match: (n) => ({
    match: { rules: [`*shell*`, `rule ${n}`], tags: ['mitre_*', '!test'], namespaces: [`team-${n % 12}`] },
  }),
  matches: (n) => ({ when: `rule.matches(r"(?i)\\b(shell|container ${n})\\b")` }),
  when: (n) => ({ when: `priority >= "warning" && fields["k8s.ns.name"] != "team-${n % 12}"` }),
};

function routing(kind: string, outputs: number): Work {
  const routes = Array.from({ length: outputs }, (_, n) => {
    const compiled = compileRoute(KINDS[kind]!(n));
    if (!compiled.ok) throw new Error(compiled.errors[0]!.message);
    return { name: `output-${n}`, wants: compiled.route.wants };
  });
  const route = createRouter(routes);
  const what = `${outputs} ${outputs === 1 ? 'output' : 'outputs'} with ${kind}`;
  return { what, items: freshEvents, run: (event: Event) => route(event) };
}

const subject: Case = {
  title: 'Routing',
  about:
    'Who wants an event: processor time beside `JSON.parse` of the event. The first to ask for a field pays for the exact numbers.',
  async run(report) {
    const works = Object.keys(KINDS).flatMap((kind) => [1, 10, 100].map((outputs) => routing(kind, outputs)));
    compareCosts([jsonParse, ...works], report);
  },
};

export default subject;
