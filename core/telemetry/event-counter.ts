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
  const counts = new Map<string, { readonly labels: EventLabels; events: number }>();

  const open = (key: string, labels: EventLabels) => {
    const series = { labels, events: 0 };
    counts.set(key, series);
    return series;
  };

  const other = ({ priority }: Event) =>
    counts.get(priority) ?? open(priority, labelsOf(priority, OTHER, OTHER, OTHER, OTHER, OTHER));

  return {
    seriesOf(event) {
      const { priority } = event;
      const hostname = brief(event.hostname || 'unknown');
      const rule = brief(event.rule);
      // What Falcosidekick's dashboards look for when an event has no source.
      const source = brief(event.source || 'syscalls');
      const original = originalOf(event) ?? event;
      const namespace = brief(peekText(original, 'k8s.ns.name') ?? '');
      const pod = brief(peekText(original, 'k8s.pod.name') ?? '');
      const key = `${priority}\0${rule}\0${source}\0${hostname}\0${namespace}\0${pod}`;
      let series = counts.get(key);
      if (series === undefined) {
        const room = counts.size < maxSeries;
        series = room ? open(key, labelsOf(priority, rule, source, hostname, namespace, pod)) : other(event);
      }
      return series;
    },
    *series() {
      // A series without events was opened for one that could not be stored.
      for (const { labels, events } of counts.values()) if (events > 0) yield [labels, events];
    },
  };
}

function labelsOf(
  priority: Priority,
  rule: string,
  source: string,
  hostname: string,
  namespace: string,
  pod: string,
): EventLabels {
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
  return value.slice(0, LONGEST);
}
