import { describe, expect, it } from 'vitest';
import { exactNumber } from '../../../../core/event/decimal.ts';
import type { Event, FieldValue } from '../../../../core/event/event.ts';
import { compileWhen } from '../../../../core/routing/when.ts';
import { sampleEvent } from '../../../support/events.ts';

const FIELDS: Record<string, FieldValue> = Object.assign(Object.create(null), {
  'k8s.ns.name': 'prod',
  'evt.num': 42,
  'evt.time': 1769428800000000123n,
  ratio: exactNumber('0.50'),
  names: ['a', 'b'],
  nothing: null,
});
const EVENT = sampleEvent({ priority: 'Warning', fields: FIELDS });

function ask(expression: string, event: Event = EVENT) {
  const compiled = compileWhen(expression);
  if (!compiled.ok) throw new Error(compiled.error.message);
  return compiled.when(event);
}

function errorOf(expression: string) {
  const compiled = compileWhen(expression);
  if (compiled.ok) throw new Error(`${expression} compiles`);
  return compiled.error;
}

describe('when', () => {
  it.each([
    ['priority >= "warning"', true],
    ['priority > "WARNING"', false],
    ['"notice" < priority', true],
    ['priority == "Warning"', true],
    ['priority != "warning"', false],
    ['priority in ["Error", "warning"]', true],
    ['priority <= "info"', false],
    ['fields["k8s.ns.name"] == "prod"', true],
    ['fields["k8s.ns.name"].startsWith("pr")', true],
    ['fields["evt.num"] > 41', true],
    ['fields["evt.num"] == 42', true],
    ['fields["evt.time"] > 1769428800000000122', true],
    ['fields["evt.time"] > 1769428800000000123', false],
    ['fields.ratio < 0.6', true],
    ['"b" in fields["names"]', true],
    ['"container" in tags', true],
    ['tags.exists(t, t.startsWith("mitre"))', false],
    ['rule.matches("^Terminal") && source == "syscall" && hostname == "node-1"', true],
    ['output.contains("shell")', true],
    ['time > timestamp("2026-01-01T00:00:00Z")', true],
  ])('%s is %s', (expression, wanted) => {
    expect(ask(expression)).toEqual({ wanted });
  });

  it.each([
    ['fields["absent"] == "x"', false],
    ['fields["absent"] != "x"', true],
    ['fields["absent"] in ["x", "y"]', false],
    ['fields["absent"] == null', true],
    ['"absent" in fields', false],
    ['"nothing" in fields', true],
    ['has(fields.absent)', false],
    ['has(fields.ratio)', true],
    ['"absent" in fields && fields["absent"] == "x"', false],
    ['fields.exists(name, name == "evt.num")', true],
    ['fields["constructor"] == null', true],
  ])('a field that is absent reads as null: %s is %s', (expression, wanted) => {
    expect(ask(expression)).toEqual({ wanted });
  });

  it.each([
    'fields["absent"].startsWith("x")',
    'fields["evt.num"] > "a"',
    'priority >= fields["k8s.ns.name"]',
    'fields["k8s.ns.name"]',
  ])('an error while evaluating is wanted: %s', (expression) => {
    const answer = ask(expression);
    expect(answer.wanted).toBe(true);
    expect(answer.failed).toBeTypeOf('string');
  });

  it('points at an unknown priority', () => {
    expect(errorOf('rule == "x" && priority >= "warnin"')).toMatchObject({
      offset: 27,
      length: 8,
      word: 'warnin',
      candidates: expect.arrayContaining(['Warning']),
    });
    expect(errorOf('priority in ["Error", "crit"]')).toMatchObject({ word: 'crit', offset: 22 });
  });

  it('points at an unknown name', () => {
    expect(errorOf('true && prioriti == "x"')).toMatchObject({
      offset: 8,
      length: 8,
      word: 'prioriti',
      candidates: expect.arrayContaining(['priority']),
    });
  });

  it.each([
    ['priority >= 3', 0],
    ['rule ==', 7],
    ['rule + 1 == "x"', 0],
    ['rule', 0],
    ['priority.rank > 2', 9],
    ['', 0],
  ])('does not compile: %s', (expression, offset) => {
    expect(errorOf(expression).offset).toBe(offset);
    expect(errorOf(expression).message).not.toContain('\n');
  });
});
