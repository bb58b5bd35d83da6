import type { DecodeOptions, EventBlock, MapperRef } from '../../../../core/sdk/index.ts';
import type { FileOptions, JobResult } from './job.ts';

/** What a worker is started with. */
export interface WorkerSetup {
  readonly mapper: MapperRef;
  readonly decode: DecodeOptions;
  readonly file: FileOptions;
}

/** To the worker. One job at a time; a block's buffer is transferred. */
export type Request =
  | { readonly kind: 'start'; readonly path: string; readonly count: number }
  | { readonly kind: 'block'; readonly block: EventBlock }
  | { readonly kind: 'finish' };

/** From the worker. `taken` answers a block: the next one may come. `progress`: it is busy, and not hung. */
export type Reply =
  | { readonly kind: 'taken' }
  | { readonly kind: 'progress' }
  | { readonly kind: 'done'; readonly result: JobResult }
  | { readonly kind: 'failed'; readonly reason: string }
  | {
      readonly kind: 'log';
      readonly level: LogLevel;
      readonly details: Readonly<Record<string, unknown>>;
      readonly message: string;
    };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
