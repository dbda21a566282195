package api

import "strings"

// ARN is an Amazon Resource Name, arn:partition:service:region:account:resource, taken
// apart.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
type ARN struct {
	Partition, Service string
	Namespace
	Resource string // the rest, which may have colons
}

// ParseARN takes an ARN apart. ok is false, and the ARN zero, if the text is none.
func ParseARN(text string) (arn ARN, ok bool) {
	part := strings.SplitN(text, ":", 6)
	if len(part) < 6 || part[0] != "arn" {
		return arn, false
	}
	return ARN{Partition: part[1], Service: part[2], Namespace: Namespace{Region: part[3], Account: part[4]}, Resource: part[5]}, true
}

// String puts the ARN together.
func (a ARN) String() string {
	return strings.Join([]string{"arn", a.Partition, a.Service, a.Region, a.Account, a.Resource}, ":")
}
