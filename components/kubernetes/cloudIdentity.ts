/** Annotation by which EKS gives the pods of a service account an AWS role. */
export const roleAnnotation = (roleArn: string): Record<string, string> => ({
  "eks.amazonaws.com/role-arn": roleArn,
});
