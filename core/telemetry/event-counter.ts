import type { Event } from '../event/event.ts';
import { peekFields } from '../event/parse.ts';
import { type Priority, priorityRank } from '../event/priority.ts';
import { originalOf } from '../event/view.ts';
import type { EventSeries } from './observer.ts';

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

/** Counts events by labels, in bounded memory. */
export interface EventCounter {
  /** The series of an event. The caller counts the event in it. */
  seriesOf(event: Event): EventSeries;
  series(): Iterable<readonly [EventLabels, number]>;
}

/** The value of the labels of events beyond the limit of series. */
const OTHER = 'other';
/** Characters of a label's value. */
const LONGEST = 200;
const NONE: readonly Series[] = [];

/**
 * Makes a counter. New pod names come all the time, so the number of series is limited: events beyond it are counted under
 * `other` for every label but the priority, and the sum stays correct.
 *
 * A counter of the metrics library sorts and joins seven labels at every event, which costs more (bench/cases/ingest.ts).
 *
 * @param maxSeries the most combinations of labels with a series of their own
 */
export function createEventCounter(maxSeries: number): EventCounter {
  /** By rule, then by pod or host. The few series that share both are compared one by one. */
  const byRule = new Map<string, Map<string, Series[]>>();
  const all: Series[] = [];
  const others = new Map<Priority, Series>();

  const open = (values: LabelValues): Series => {
    const series = { values, events: 0 };
    all.push(series);
    return series;
  };

  const other = (priority: Priority): Series => {
    let series = others.get(priority);
    if (series === undefined) {
      series = open({ rule: OTHER, pod: OTHER, namespace: OTHER, hostname: OTHER, source: OTHER, priority });
      others.set(priority, series);
    }
    return series;
  };

  function add(values: LabelValues): Series {
    if (all.length - others.size >= maxSeries) return other(values.priority);
    const place = values.pod || values.hostname;
    const places = byRule.get(values.rule) ?? new Map<string, Series[]>();
    byRule.set(values.rule, places);
    const alike = places.get(place) ?? [];
    places.set(place, alike);
    const series = open(values);
    alike.push(series);
    return series;
  }

  return {
    // On the path of every request: allocates nothing if the series exists.
    seriesOf(event) {
      const fields = peekFields(originalOf(event));
      const rule = brief(event.rule);
      const pod = labelOf(fields, 'k8s.pod.name');
      const namespace = labelOf(fields, 'k8s.ns.name');
      const hostname = brief(event.hostname) || 'unknown';
      // The value that Falcosidekick's dashboards expect when an event has no source.
      const source = brief(event.source) || 'syscalls';
      const { priority } = event;
      for (const series of byRule.get(rule)?.get(pod || hostname) ?? NONE) {
        const { values } = series;
        if (
          values.priority === priority &&
          values.pod === pod &&
          values.hostname === hostname &&
          values.namespace === namespace &&
          values.source === source
        )
          return series;
      }
      return add({ rule, pod, namespace, hostname, source, priority });
    },
    *series() {
      // A series without events belongs to an event that could not be stored.
      for (const { values, events } of all) if (events > 0) yield [labelsOf(values), events];
    },
  };
}

interface Series extends EventSeries {
  readonly values: LabelValues;
}

/** The values that identify a series. */
interface LabelValues {
  readonly rule: string;
  readonly pod: string;
  readonly namespace: string;
  readonly hostname: string;
  readonly source: string;
  readonly priority: Priority;
}

function labelsOf({ rule, pod, namespace, hostname, source, priority }: LabelValues): EventLabels {
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

function labelOf(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? brief(value) : '';
}

function brief(value: string): string {
  return value.length > LONGEST ? value.slice(0, LONGEST) : value;
}
