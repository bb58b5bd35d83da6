import { createDecoder, noDecodeOptions } from '../event/decode.ts';
import type { Event } from '../event/event.ts';

/** Raw Falco events whose `rule` and `output` carry a mark of their own: what arrived can be told by it. */
export function markedEvents(count: number): { readonly mark: string; readonly raw: Uint8Array }[] {
  return Array.from({ length: count }, (_, index) => {
    const mark = `contract-mark-${String(index).padStart(4, '0')}`;
    const raw = Buffer.from(
      JSON.stringify({
        uuid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
        hostname: 'contract-host',
        output: `12:00:00.000000000: Warning ${mark} happened`,
        output_fields: { 'evt.time': 1700000000000000000 + index, 'proc.name': 'sh', 'user.name': null },
        priority: 'Warning',
        rule: mark,
        source: 'syscall',
        tags: ['mitre_execution', 'T1059'],
        time: '2026-01-02T03:04:05.123456789Z',
      }),
    );
    return { mark, raw };
  });
}

/** Decodes as the framework does, without enrichment. */
export const decodeEvent: (raw: Uint8Array, receivedAt: number) => Event = createDecoder(noDecodeOptions);
