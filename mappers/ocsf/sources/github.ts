import type { Fields } from '../fields.ts';
import { resource } from '../objects/resources.ts';
import type { Activity, Room } from './activity.ts';

/** GitHub webhooks: falcosecurity/plugins, github. */
export function github(fields: Fields, room: Room): Activity {
  const user = room.evidence ? fields.text('github.user') : undefined;
  return {
    ...(room.api(undefined) && { api: apiOf(fields) }),
    user: user === undefined ? undefined : { name: user },
    resources: [
      resource(fields, 'GitHubRepository', 'github.repo.name', 'github.repo.url'),
      resource(fields, 'GitHubOrganization', 'github.org'),
      resource(fields, 'GitHubUser', 'github.collaborator.name'),
      resource(fields, 'GitHubWorkflow', 'github.workflow.filename'),
      resource(fields, 'GitHubWebhook', 'github.webhook.name', 'github.webhook.id'),
    ],
  };
}

function apiOf(fields: Fields): Activity['api'] {
  const operation = fields.text('github.action');
  return operation === undefined ? undefined : { operation, service: { name: 'github' } };
}
