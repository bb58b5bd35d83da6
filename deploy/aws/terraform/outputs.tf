output "location" {
  description = "Goes into Tiercel's `location`; never derive it."
  value       = aws_securitylake_custom_log_source.falco.provider_details[0].location
}

output "role_arn" {
  description = "Goes into Tiercel's `assume_role.role_arn`."
  value       = aws_securitylake_custom_log_source.falco.provider_details[0].role_arn
}

output "glue_table_arn" {
  value = aws_securitylake_custom_log_source.falco.attributes[0].table_arn
}

output "writer_policy_arn" {
  description = "Attach it to the identity Tiercel runs under."
  value       = aws_iam_policy.writer.arn
}
