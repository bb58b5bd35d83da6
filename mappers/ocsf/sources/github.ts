import type { Fields } from '../../falco-fields/fields.ts';
import type { Activity, Room } from '../objects/activity.ts';
import { resource } from '../objects/resources.ts';

const RESOURCES = [
  { type: 'GitHubRepository', name: 'github.repo.name', uid: 'github.repo.url' },
  { type: 'GitHubOrganization', name: 'github.org' },
  { type: 'GitHubUser', name: 'github.collaborator.name' },
  { type: 'GitHubWorkflow', name: 'github.workflow.filename' },
] as const;

/** GitHub webhooks: falcosecurity/plugins, github. */
export function github(fields: Fields, room: Room): Activity {
  const user = room.evidence ? fields.text('github.user') : undefined;
  const hook = fields.text('github.webhook.id');
  // The old name of the field.
  fields.takeIfEqual(fields.peek('github.repo.url'), 'github.repo');
  return {
    api: room.api(undefined) ? apiOf(fields) : undefined,
    user: user === undefined ? undefined : { name: user },
    resources: [
      ...RESOURCES.map((each) => resource(fields, each)),
      hook === undefined ? undefined : { type: 'GitHubWebhook', uid: hook },
    ],
  };
}

function apiOf(fields: Fields): Activity['api'] {
  const operation = fields.text('github.action');
  return operation === undefined ? undefined : { operation, service: { name: 'github' } };
}
