import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/cli.ts';
import { installTiercel } from '../support/installed.ts';

/** An output whose contract cannot even begin, for one reason or another. */
const OUTPUT = `
import { test } from 'node:test';
import { defineOutput, delivered, Type } from 'tiercel';
import { tcpDestination, testOutput } from 'tiercel/testing';
const definitionOf = (create, more) => defineOutput({
  apiVersion: 1,
  type: 'lines',
  summary: 'Sends lines.',
  options: Type.Object({ port: Type.Integer({ description: 'Where to.' }) }, { additionalProperties: false }),
  examples: [{ title: 'Minimal', options: { port: 1 } }],
  batch: { events: 1 },
  create: create ?? (() => ({ deliver: async () => delivered() })),
  ...more,
});
`;

describe('a contract that cannot begin', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'tiercel-kit-'));
    installTiercel(dir);
  }, 60_000);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it.each<[what: string, code: string, sentence: RegExp]>([
    [
      'options that do not fit',
      `testOutput(definitionOf(), { test, options: () => ({ port: 'a' }) });`,
      /port: must be an? .*number/,
    ],
    [
      'options that are unknown, over another protocol',
      `testOutput(definitionOf(), { test, destination: () => tcpDestination(), options: ({ port }) => ({ prot: port }) });`,
      /unknown option "prot"; did you mean "port"/,
    ],
    [
      'options that throw',
      `testOutput(definitionOf(), { test, options: () => { throw new Error('no such host') } });`,
      /no such host/,
    ],
    [
      'a mapper that is not given',
      `testOutput(definitionOf(undefined, { mapper: () => ({ type: 'ocsf', options: {} }) }), { test, options: ({ port }) => ({ port }) });`,
      /the mapper of the output is "ocsf".*give its definition as "mapper"/,
    ],
    [
      'a destination that does not start',
      `testOutput(definitionOf(), { test, destination: () => Promise.reject(new Error('no docker')), options: () => ({ port: 1 }) });`,
      /the destination of the contract did not start: no docker/,
    ],
    [
      'an output that cannot be made',
      `testOutput(definitionOf(() => { throw new Error('no such file') }), { test, destination: () => tcpDestination(), options: ({ port }) => ({ port }) });`,
      /no such file/,
    ],
    [
      'an output that does not start',
      `testOutput(definitionOf(() => ({ deliver: async () => delivered(), start: () => Promise.reject(new Error('closed today')) })), { test, options: ({ port }) => ({ port }) });`,
      /closed today/,
    ],
    [
      'an output that leaves a socket over UDP open',
      `import { createSocket } from 'node:dgram';
testOutput(definitionOf(() => {
  const socket = createSocket('udp4').bind(0);
  return { deliver: async () => delivered() };
}, { confirms: false }), { test, destination: () => ({ arrived: () => [] }), options: () => ({ port: 1 }) });`,
      /leaves open what keeps the process alive: 1 UDPWrap/,
    ],
    [
      'an output that leaves a timer and a connection open',
      `import { connect } from 'node:net';
testOutput(definitionOf(({ port }) => {
  setInterval(() => {}, 60_000);
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  return { deliver: async () => delivered() };
}), { test, destination: () => tcpDestination(), options: ({ port }) => ({ port }) });`,
      /leaves open what keeps the process alive: .*1 Timeout/,
    ],
  ])(
    'fails with the reason, and the process ends: %s',
    (_, code, sentence) => {
      writeFileSync(join(dir, 'lines.test.js'), `${OUTPUT}${code}\n`);
      // Without an end it is killed, and has no status.
      const command = [process.execPath, '--test', '--test-reporter=tap', 'lines.test.js'];
      const { status, stdout } = run('timeout', ['30', ...command], dir);
      expect(status, stdout).toBe(1);
      expect(stdout).toMatch(sentence);
      // What needs no output passes.
      expect(stdout).toMatch(/^ok \d+ - lines: is a definition/m);
    },
    60_000,
  );
});
