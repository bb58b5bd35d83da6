import { expect, it } from 'vitest';
import { examine } from '../../core/testing/examine.ts';
import loki from '../../outputs/loki/index.ts';
import { until } from '../support/until.ts';
import { batchOf, eventOf, jsonTextMapper, made, neverAborts } from '../unit/outputs/support.ts';
import { describeWith } from './describe.ts';
import { linesOf, startVictoriaLogs } from './servers/victoria-logs.ts';

describeWith({ programs: ['victoria-logs'] }, 'loki, on VictoriaLogs', () => {
  it.each([false, true])(
    'stores times to the nanosecond, labels and structured metadata; gzip: %s',
    async (gzip) => {
      const server = await startVictoriaLogs();
      const options = {
        url: server.url,
        // The line as it is, and not its members.
        endpoint: '/insert/loki/api/v1/push?disable_message_parsing=1',
        labels: { cluster: 'prod' },
        gzip,
      };
      const output = made(loki, options, jsonTextMapper);
      const now = new Date().toISOString().slice(0, 19);
      const texts = [`${now}.123456789Z`, `${now}.000000001Z`];
      const events = texts.map((timeText, n) =>
        eventOf({
          timeText,
          output: '"ä\n',
          fields: { 'k8s.pod.name': `web-${n}` },
        }),
      );
      expect(await examine(output, neverAborts())).toMatchObject({ problems: [] });
      const records = events.map(({ raw }) => Buffer.from(raw).toString());
      expect(await output.deliver(batchOf(records, { events }), neverAborts())).toEqual({
        status: 'delivered',
      });
      await until('the lines to be stored', async () => (await linesOf(server)).length === 2);
      const lines = (await linesOf(server)).sort((a, b) => a.k8s_pod_name!.localeCompare(b.k8s_pod_name!));
      expect(lines).toMatchObject(
        events.map(({ timeText }, n) => ({
          _msg: records[n],
          _time: timeText.replace(/\.?0+Z$/, 'Z'),
          rule: 'Test rule',
          cluster: 'prod',
          k8s_pod_name: `web-${n}`,
          _stream: expect.stringContaining('cluster="prod"'),
        })),
      );
      expect(lines[0]?._stream).not.toContain('k8s_pod_name');
      await output.stop?.(neverAborts());
      await server.stop();
    },
  );
});
