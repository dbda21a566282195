package sink

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// AWS is who requests to a service of AWS, or to what speaks as one, are signed by.
// Without keys they are those that AWS tools would use.
type AWS struct {
	Region       string `yaml:"region"`
	AccessKey    string `yaml:"access_key"`
	SecretKey    string `yaml:"secret_key"`
	SessionToken string `yaml:"session_token"`
	// Service is the name that is signed for, if it is not the usual one.
	Service string `yaml:"service"`
	// Keys are, instead, where the keys come from.
	Keys aws.CredentialsProvider `yaml:"-"`
}

// resolve sets what stands in the environment.
func (a *AWS) resolve(env Env) error {
	if a == nil {
		return nil
	}
	if a.AccessKey == "" && a.SecretKey == "" && env.Keys != nil {
		a.Keys = env.Keys()
		return nil
	}
	return env.resolve(&a.AccessKey, &a.SecretKey, &a.SessionToken)
}

// signer signs requests with Signature Version 4.
type signer struct {
	region, service string
	keys            aws.CredentialsProvider
	v4              *v4.Signer
}

func newSigner(a *AWS, service string) (*signer, error) {
	s := &signer{region: a.Region, service: a.Service, keys: a.Keys, v4: v4.NewSigner()}
	if s.service == "" {
		s.service = service
	}
	if s.keys == nil {
		keys := aws.Credentials{AccessKeyID: a.AccessKey, SecretAccessKey: a.SecretKey, SessionToken: a.SessionToken}
		s.keys = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil })
		if !keys.HasKeys() {
			return nil, errors.New("aws needs an access_key and a secret_key")
		}
	}
	if s.region == "" {
		return nil, errors.New("aws has no region")
	}
	return s, nil
}

// sign signs a request, whose body is also given by itself.
func (s *signer) sign(ctx context.Context, req *http.Request, body []byte) error {
	keys, err := s.keys.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("keys for the request: %w", err)
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	req.Header.Set("X-Amz-Content-Sha256", hash) // OpenSearch Serverless insists on it
	return s.v4.SignHTTP(ctx, keys, req, hash, s.service, s.region, time.Now())
}
