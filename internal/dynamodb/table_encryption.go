package dynamodb

import (
	"strings"

	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// newSSE checks a specification of server-side encryption and returns the
// setting, nil for the default. Levee encrypts nothing itself: the setting is
// kept and described.
func (d *descriptor) newSSE(in *ddb.SSESpecification) (*sse, error) {
	if in == nil {
		return nil, nil
	}
	disabled := in.Enabled.OK && !in.Enabled.V
	switch {
	case disabled && in.SSEType.OK:
		return nil, badParameter("SSEType can not be specified if Enabled is false")
	case disabled && in.KMSMasterKeyId.OK:
		return nil, badParameter("KMSMasterKeyId can not be specified if Enabled is false")
	case in.SSEType.V == ddb.SSETypeAes256:
		return nil, badParameter("SSEType AES256 is not supported")
	case in.KMSMasterKeyId.OK && !in.SSEType.OK:
		return nil, badParameter("SSEType KMS is required if KMSMasterKeyId is specified")
	case !in.Enabled.V && !in.SSEType.OK:
		return nil, nil
	}
	return &sse{Type: ddb.SSETypeKms, Key: d.kmsKeyARN(in.KMSMasterKeyId.Or("alias/aws/dynamodb"))}, nil
}

// kmsKeyARN returns the ARN of a key given by ARN, alias or id.
func (d *descriptor) kmsKeyARN(key string) string {
	if strings.HasPrefix(key, "arn:") {
		return key
	}
	if !strings.HasPrefix(key, "alias/") {
		key = "key/" + key
	}
	return "arn:aws:kms:" + d.Region + ":" + d.Account + ":" + key
}
