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
  const needsRestart = NEEDS_RESTART.filter((section) => !isDeepStrictEqual(old[section], next[section]));
  const kept = Object.fromEntries(needsRestart.map((section) => [section, old[section]]));
  const wanted = next.outputs.filter(({ enabled }) => enabled);
  const before = new Map(running.map((settings) => [settings.name, settings]));
  // Each output decodes its events with the enrichment, so a change of it restarts all outputs.
  const sameEvents = isDeepStrictEqual(old.enrich, next.enrich);
  const isSame = (settings: OutputConfig) => {
    const known = before.get(settings.name);
    return known !== undefined && sameEvents && isDeepStrictEqual(comparable(settings), comparable(known));
  };
  return {
    config: { ...next, ...kept },
    needsRestart,
    start: wanted.filter((settings) => !isSame(settings)),
    stop: [...before.keys()].filter((name) => !wanted.some((settings) => settings.name === name)),
  };
}

/** The settings of an output without members that differ between two loads of the same file. */
function comparable({ definition, mapperDefinition, place, ...settings }: OutputConfig): object {
  return { ...settings, definition: definition.type };
}
