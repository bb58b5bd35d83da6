import type { S3Options } from '../../shared/lake/index.ts';

type Options = Readonly<Record<string, string | boolean | undefined>>;

/** `tiercel inspect`, as the command line takes it. What it does is loaded when it is run. */
export const inspectCommand = {
  name: 'inspect',
  summary: 'say which rules the files of a Security Lake source break',
  argument: { name: 'target', description: 'a file, a folder, or s3://bucket/prefix' },
  options: [
    { flags: '--json', description: 'one JSON object a file, a line each' },
    {
      flags: '--region <region>',
      description: 'region of the bucket (default: AWS_REGION, or that in the key)',
    },
    { flags: '--endpoint <url>', description: 'URL of an S3-compatible store' },
    { flags: '--path-style', description: 'the bucket is in the path, as most S3-compatible stores want it' },
    { flags: '--profile <name>', description: 'profile of the AWS configuration files' },
  ],
  example: 'tiercel inspect s3://aws-security-data-lake-eu-west-1-abc123/ext/falco/',
  async run(
    target: string,
    options: Options,
    { out, json }: { out(text: string): void; json(text: string): void },
  ): Promise<number> {
    const { inspect, renderFile, renderSummary } = await import('./index.ts');
    let files = 0;
    let rows = 0;
    let broken = 0;
    for await (const { describedColumns: _, ...report } of inspect(target, s3Options(target, options))) {
      files++;
      rows += report.rows ?? 0;
      if (report.violations.length > 0) broken++;
      if (options.json === true) json(JSON.stringify(report));
      else out(`${renderFile(report)}\n`);
    }
    if (options.json !== true) out(renderSummary(files, rows, broken));
    return files === 0 || broken > 0 ? 1 : 0;
  },
};

function s3Options(target: string, options: Options): S3Options {
  const text = (name: string) => (typeof options[name] === 'string' ? options[name] : undefined);
  const ofKey = /(?:security-data-lake-|\/region=)([a-z]{2}(?:-[a-z]+)+-\d)/.exec(target)?.[1];
  const region = text('region') ?? process.env.AWS_REGION ?? ofKey ?? 'us-east-1';
  const endpoint = text('endpoint');
  const profile = text('profile');
  return {
    region,
    force_path_style: options.pathStyle === true,
    ...(endpoint !== undefined && { endpoint }),
    ...(profile !== undefined && { profile }),
  };
}
