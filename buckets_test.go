package levee_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/levee-io/levee"
)

// A table goes into a directory of buckets and comes back as another, through the
// SDK.
func TestBuckets(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "exports"), 0o700); err != nil {
		t.Fatal(err)
	}
	srv := &levee.Server{Buckets: dir}
	if err := srv.Start(); err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	db := dynamodb.NewFromConfig(srv.AWSConfig())
	createTable(t, db, "orders")
	put(t, db, "orders", "one")
	manifest := exportTable(t, db)
	if _, err := os.Stat(filepath.Join(dir, "exports", filepath.FromSlash(manifest))); err != nil {
		t.Error(err)
	}
	importTable(t, db, filepath.ToSlash(filepath.Dir(manifest))+"/data/")
	if !has(t, db, "again", "one") {
		t.Error("the item is not in the imported table")
	}
}

// exportTable exports the table orders and returns the key of the manifest.
func exportTable(t *testing.T, db *dynamodb.Client) string {
	t.Helper()
	spec := &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(true)}
	if _, err := db.UpdateContinuousBackups(t.Context(), &dynamodb.UpdateContinuousBackupsInput{TableName: aws.String("orders"), PointInTimeRecoverySpecification: spec}); err != nil {
		t.Fatal(err)
	}
	table, err := db.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("orders")})
	if err != nil {
		t.Fatal(err)
	}
	begun, err := db.ExportTableToPointInTime(t.Context(), &dynamodb.ExportTableToPointInTimeInput{TableArn: table.Table.TableArn, S3Bucket: aws.String("exports")})
	if err != nil {
		t.Fatal(err)
	}
	for {
		out, err := db.DescribeExport(t.Context(), &dynamodb.DescribeExportInput{ExportArn: begun.ExportDescription.ExportArn})
		switch {
		case err != nil:
			t.Fatal(err)
		case out.ExportDescription.ExportStatus == types.ExportStatusCompleted:
			return *out.ExportDescription.ExportManifest
		case out.ExportDescription.ExportStatus == types.ExportStatusFailed:
			t.Fatal(*out.ExportDescription.FailureMessage)
		}
		runtime.Gosched()
	}
}

// importTable imports what was exported as the table again.
func importTable(t *testing.T, db *dynamodb.Client, prefix string) {
	t.Helper()
	begun, err := db.ImportTable(t.Context(), &dynamodb.ImportTableInput{
		S3BucketSource: &types.S3BucketSource{S3Bucket: aws.String("exports"), S3KeyPrefix: &prefix},
		InputFormat:    types.InputFormatDynamodbJson, InputCompressionType: types.InputCompressionTypeGzip,
		TableCreationParameters: &types.TableCreationParameters{
			TableName: aws.String("again"), BillingMode: types.BillingModePayPerRequest,
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
			KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for {
		out, err := db.DescribeImport(t.Context(), &dynamodb.DescribeImportInput{ImportArn: begun.ImportTableDescription.ImportArn})
		switch {
		case err != nil:
			t.Fatal(err)
		case out.ImportTableDescription.ImportStatus == types.ImportStatusCompleted:
			return
		case out.ImportTableDescription.ImportStatus == types.ImportStatusFailed:
			t.Fatal(*out.ImportTableDescription.FailureMessage)
		}
		runtime.Gosched()
	}
}

func TestNoDirectoryOfBuckets(t *testing.T) {
	srv := &levee.Server{Buckets: filepath.Join(t.TempDir(), "none")}
	if err := srv.Start(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("start: %v", err)
	}
}
