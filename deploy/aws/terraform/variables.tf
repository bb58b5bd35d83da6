variable "lake_bucket" {
  description = "The lake's bucket in this Region, aws-security-data-lake-{region}-{id}."
  type        = string
}

variable "source_name" {
  description = "Name of the custom source. Permanent. Lower case, so that S3 prefix, role and Glue table agree."
  type        = string
  default     = "falco"

  validation {
    condition     = can(regex("^[a-z0-9_]{1,20}$", var.source_name))
    error_message = "source_name: 1 to 20 of a-z, 0-9 and _ (IAM role names end at 64 characters)."
  }
}

variable "source_version" {
  description = "Version of the custom source; becomes a segment of the prefix. A new schema that is not additive takes a new version."
  type        = string
  default     = "1.0"
}

variable "event_class" {
  description = "The one OCSF class of the source."
  type        = string
  default     = "DETECTION_FINDING"

  validation {
    condition     = contains(["DETECTION_FINDING", "SECURITY_FINDING"], var.event_class)
    error_message = "event_class: DETECTION_FINDING (2004) or SECURITY_FINDING (2001)."
  }
}

variable "external_id" {
  description = "External id in the trust of the provider role; the same text goes into Tiercel's assume_role.external_id."
  type        = string
  sensitive   = true
}

variable "writer_principal" {
  description = "The 12-digit account whose identities may assume the provider role: where Tiercel runs."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.writer_principal))
    error_message = "writer_principal: a 12-digit account id (the API does not take a role ARN)."
  }
}
