import { isDeepStrictEqual } from 'node:util';
import type { Config, OutputConfig } from './config/schema/config.ts';

const NEEDS_RESTART: readonly (keyof Config)[] = ['server', 'journal', 'dead_letters', 'log'];

/** What a reload changes. */
export interface Changes {
  /** The new configuration, with the old value of sections that need a restart. */
  readonly config: Config;
  /** The changed sections that need a restart. */
  readonly needsRestart: readonly string[];
  /** New outputs, and running ones whose settings changed. */
  readonly start: readonly OutputConfig[];
  /** The names of running outputs that were removed or disabled. */
  readonly stop: readonly string[];
}

/**
 * Compares a new configuration with the running outputs, so that unchanged outputs keep running.
 *
 * @param running the settings with which outputs run
 */
export function changesBetween(old: Config, next: Config, running: readonly OutputConfig[]): Changes {
  // Which output is told of dead letters is taken over without a restart.
  const before: Config = { ...old, dead_letters: withTarget(old.dead_letters, next.dead_letters) };
  const needsRestart = NEEDS_RESTART.filter((section) => !isDeepStrictEqual(before[section], next[section]));
  const kept = Object.fromEntries(needsRestart.map((section) => [section, before[section]]));
  const wanted = next.outputs.filter(({ enabled }) => enabled);
  const known = new Map(running.map((settings) => [settings.name, settings]));
  // Each output decodes its events with the enrichment, so a change of it restarts all outputs.
  const sameEvents = isDeepStrictEqual(old.enrich, next.enrich);
  const isSame = (settings: OutputConfig) => {
    const current = known.get(settings.name);
    return (
      current !== undefined && sameEvents && isDeepStrictEqual(comparable(settings), comparable(current))
    );
  };
  return {
    config: { ...next, ...kept },
    needsRestart,
    start: wanted.filter((settings) => !isSame(settings)),
    stop: [...known.keys()].filter((name) => !wanted.some((settings) => settings.name === name)),
  };
}

/** The section with the `on_dead_letter` of another one. */
function withTarget(
  { on_dead_letter: _, ...section }: Config['dead_letters'],
  { on_dead_letter }: Config['dead_letters'],
): Config['dead_letters'] {
  return { ...section, ...(on_dead_letter !== undefined && { on_dead_letter }) };
}

/** The settings that the loop of an output uses, without members that differ between two loads of the same file. */
function comparable({
  definition,
  mapperDefinition,
  place,
  onDeadLetter,
  ...settings
}: OutputConfig): object {
  return { ...settings, definition: definition.type };
}
