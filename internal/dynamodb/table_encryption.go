package dynamodb

import (
	"crypto/sha256"
	"encoding/hex"
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
	return &sse{Type: ddb.SSETypeKms, Key: d.kmsKeyARN(in.KMSMasterKeyId.Or(managedKey))}, nil
}

// managedKey is the alias of the key that the service makes for an account in a region.
const managedKey = "alias/aws/dynamodb"

// kmsKeyARN returns the ARN of a key given by ARN, alias or id. The service resolves
// an alias when it is named; so does Levee with that of managedKey, to a key that an
// account has in a region. What another alias stands for is not known here.
func (d *descriptor) kmsKeyARN(key string) string {
	home := "arn:aws:kms:" + d.Region + ":" + d.Account + ":"
	switch {
	case key == managedKey || key == home+managedKey:
		sum := sha256.Sum256([]byte(home + managedKey))
		id := hex.EncodeToString(sum[:16])
		return home + "key/" + id[:8] + "-" + id[8:12] + "-4" + id[13:16] + "-8" + id[17:20] + "-" + id[20:]
	case strings.HasPrefix(key, "arn:"):
		return key
	case !strings.HasPrefix(key, "alias/"):
		return home + "key/" + key
	}
	return home + key
}
