import { originalOf } from '../event/decode.ts';
import type { Event } from '../event/event.ts';
import { peekText } from '../event/parse.ts';
import { type Priority, priorityRank } from '../event/priority.ts';

/** The labels of Falcosidekick's `falco_events_total`, with its spellings. */
export interface EventLabels {
  readonly hostname: string;
  readonly rule: string;
  /** Debug 1 … Emergency 8, as text. */
  readonly priority: string;
  /** Lower case. */
  readonly priority_raw: string;
  readonly source: string;
  readonly k8s_ns_name: string;
  readonly k8s_pod_name: string;
}

/** Counts events by what they say; in bounded memory, whatever they say. */
export interface EventCounter {
  /** The series an event belongs to; whoever counts it adds to its `events`. */
  seriesOf(event: Event): { events: number };
  series(): Iterable<readonly [EventLabels, number]>;
}

/** What a label says of an event that came too late for a series of its own. */
const OTHER = 'other';
/** Characters of a label's value. */
const LONGEST = 200;

/**
 * Makes a counter. Pod names never end, so the number of series is capped: events beyond are counted under `other`
 * for everything but their priority, and the sum stays right.
 *
 * Cheaper than a counter of the metrics library, which sorts and joins seven labels at every event.
 *
 * @param maxSeries how many combinations of labels may have a series of their own
 */
export function createEventCounter(maxSeries: number): EventCounter {
  /** By the values of the labels, one after the other: a key of them all would be made and hashed at each event. */
  const tree: Branch = new Map();
  const all: Series[] = [];
  const others = new Map<Priority, Series>();

  const open = (labels: EventLabels): Series => {
    const series = { labels, events: 0 };
    all.push(series);
    return series;
  };

  const other = (priority: Priority): Series => {
    let series = others.get(priority);
    if (series === undefined) {
      series = open(labelsOf([OTHER, OTHER, OTHER, OTHER, OTHER, priority]));
      others.set(priority, series);
    }
    return series;
  };

  function add(values: LabelValues): Series {
    if (all.length - others.size >= maxSeries) return other(values[5]);
    let branch = tree;
    for (const value of values.slice(0, -1)) {
      let next = branch.get(value) as Branch | undefined;
      if (next === undefined) {
        next = new Map();
        branch.set(value, next);
      }
      branch = next;
    }
    const series = open(labelsOf(values));
    branch.set(values[5], series);
    return series;
  }

  return {
    seriesOf(event) {
      const original = originalOf(event) ?? event;
      const values: LabelValues = [
        brief(event.rule),
        brief(peekText(original, 'k8s.pod.name') ?? ''),
        brief(peekText(original, 'k8s.ns.name') ?? ''),
        brief(event.hostname || 'unknown'),
        // What Falcosidekick's dashboards look for when an event has no source.
        brief(event.source || 'syscalls'),
        event.priority,
      ];
      let found: Branch | Series | undefined = tree;
      for (let i = 0; i < values.length && found !== undefined; i++)
        found = (found as Branch).get(values[i]!);
      return (found as Series | undefined) ?? add(values);
    },
    *series() {
      // A series without events was opened for one that could not be stored.
      for (const { labels, events } of all) if (events > 0) yield [labels, events];
    },
  };
}

interface Series {
  readonly labels: EventLabels;
  events: number;
}

/** The values of the labels that tell series apart, those that differ most first. */
type LabelValues = readonly [
  rule: string,
  pod: string,
  namespace: string,
  hostname: string,
  source: string,
  priority: Priority,
];

/** Five levels of branches; on the last one stand the series. */
type Branch = Map<string, Branch | Series>;

function labelsOf([rule, pod, namespace, hostname, source, priority]: LabelValues): EventLabels {
  return {
    hostname,
    rule,
    priority: String(priorityRank(priority) + 1),
    priority_raw: priority.toLowerCase(),
    source,
    k8s_ns_name: namespace,
    k8s_pod_name: pod,
  };
}

function brief(value: string): string {
  return value.length > LONGEST ? value.slice(0, LONGEST) : value;
}
