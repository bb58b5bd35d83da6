# An Amazon Security Lake custom source for Tiercel: the source, the crawler's role, and the role Tiercel runs under.
# The lake itself must exist already. Apply in the Security Lake delegated administrator account and the lake's Region.
#
#   terraform init
#   terraform apply -var source_name=falco -var external_id=$(openssl rand -hex 16) -var writer_principal=123456789012

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.40" }
  }
}

data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  # The lake's bucket; Security Lake names it, so it is asked for and not derived.
  bucket_arn = "arn:${data.aws_partition.current.partition}:s3:::${var.lake_bucket}"
}

# The crawler that keeps the Glue table in step (Security Lake user guide, "Adding a custom source").
resource "aws_iam_role" "crawler" {
  name = "tiercel-${var.source_name}-crawler"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "glue.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "crawler_glue" {
  role       = aws_iam_role.crawler.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AWSGlueServiceRole"
}

resource "aws_iam_role_policy" "crawler_s3" {
  name = "lake-objects"
  role = aws_iam_role.crawler.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = "${local.bucket_arn}/ext/${var.source_name}/*"
    }]
  })
}

# Name, version and principal are permanent: Security Lake has no call to change them.
resource "aws_securitylake_custom_log_source" "falco" {
  source_name    = var.source_name
  source_version = var.source_version
  event_classes  = [var.event_class]

  configuration {
    crawler_configuration {
      role_arn = aws_iam_role.crawler.arn
    }
    provider_identity {
      external_id = var.external_id
      principal   = var.writer_principal
    }
  }

  depends_on = [aws_iam_role_policy_attachment.crawler_glue, aws_iam_role_policy.crawler_s3]
}

# What Tiercel's own identity (IRSA, Pod Identity, ECS task, instance profile) needs: to assume the provider role, and nothing else.
resource "aws_iam_policy" "writer" {
  name = "tiercel-${var.source_name}-writer"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "sts:AssumeRole"
      Resource = aws_securitylake_custom_log_source.falco.provider_details[0].role_arn
    }]
  })
}
