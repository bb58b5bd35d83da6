import { Type } from '../plugins/type.ts';

interface ScalarOptions {
  readonly description: string;
  /** In YAML spelling: `5m`, `256MiB`. */
  readonly default?: string;
  readonly examples?: readonly string[];
}

/**
 * An option that is a span of time: `500ms`, `30s`, `5m`, `24h`, `7d` in YAML, a number of milliseconds in code.
 *
 * @example timeout: duration({ description: 'How long one request may take.', default: '30s' })
 */
export function duration(options: ScalarOptions) {
  return Type.Unsafe<number>({ type: 'string', format: 'duration', ...options });
}

/**
 * An option that is an amount of data: `512B`, `64KiB`, `256MiB`, `4GiB` (1024) or `10MB` (1000) in YAML, a number
 * of bytes in code.
 */
export function size(options: ScalarOptions) {
  return Type.Unsafe<number>({ type: 'string', format: 'size', ...options });
}

/** A text that never appears in logs, errors, `print-config` or the admin endpoints. */
export function secret(options: { readonly description: string; readonly examples?: readonly string[] }) {
  return Type.String({ secret: true, ...options });
}
