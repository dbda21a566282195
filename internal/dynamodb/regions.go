package dynamodb

import "slices"

// globalRegions are the regions in which a replica can be, in the order in which
// the service names them.
var globalRegions = []string{
	"ap-south-2", "ap-south-1", "eu-south-1", "eu-south-2", "me-central-1", "il-central-1", "ca-central-1", "ca-west-1", "mx-central-1",
	"eu-central-1", "eu-central-2", "us-west-1", "us-west-2", "af-south-1", "eu-north-1", "eu-west-3", "eu-west-2", "eu-west-1",
	"ap-northeast-3", "ap-northeast-2", "ap-northeast-1", "me-south-1", "sa-east-1", "ap-east-1", "ap-east-2", "ap-southeast-1",
	"ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-7", "us-east-1", "us-east-2",
}

// strongRegions are those in which a replica with strong consistency, or its
// witness, can be (Developer Guide, "How global tables work").
var strongRegions = []string{
	"us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
}

// notStrong returns the regions among some that are not in strongRegions.
func notStrong(regions []string) []string {
	return slices.DeleteFunc(slices.Clone(regions), func(region string) bool { return slices.Contains(strongRegions, region) })
}
