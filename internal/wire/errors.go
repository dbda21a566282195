package wire

import (
	"cmp"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/jsontok"
)

// The namespaces of the errors that are not in the model of a service: those of
// the framework beneath, and those of its validation.
const (
	coral    = "com.amazon.coral.service#"
	validate = "com.amazon.coral.validate#"
)

// errorRule says what an error code is on the wire. Empty fields stand for the
// usual: the namespace of the service, the code itself, status 400 or 500 by
// whose fault it is, ThrottlingReasons.
type errorRule struct {
	namespace string
	name      string // in __type
	query     string // in x-amzn-query-error, and in the query protocol
	queryText string // in the query protocol, if the text is another one there
	status    int
	// capital says that the text is the member "Message" instead of "message".
	// Clients take either; the service is like that.
	capital bool
	// reasons is the member that has the throttling reasons.
	reasons string
}

// dynamodbErrors are the codes of DynamoDB and its streams that are not as
// usual, as observed from the service.
var dynamodbErrors = map[string]errorRule{
	"ValidationException":                 {namespace: validate},
	"SerializationException":              {namespace: coral, capital: true},
	"AccessDeniedException":               {namespace: coral, capital: true},
	"UnknownOperationException":           {namespace: coral},
	"MissingAuthenticationTokenException": {namespace: coral},
	"IncompleteSignatureException":        {namespace: coral},
	"InvalidSignatureException":           {namespace: coral},
	"UnrecognizedClientException":         {namespace: coral},
	"ServiceUnavailableException":         {namespace: coral, status: http.StatusServiceUnavailable},
	"ThrottlingException":                 {namespace: coral, reasons: "throttlingReasons"},
	"TransactionCanceledException":        {capital: true},
}

// sqsErrors are the codes of SQS that are not as usual: those whose name in the
// query protocol differs (awsQueryError in the model), and those that the model
// does not have. An engine may use the latter by either name.
var sqsErrors = map[string]errorRule{
	"BatchEntryIdsNotDistinct":     {query: "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"},
	"BatchRequestTooLong":          {query: "AWS.SimpleQueueService.BatchRequestTooLong"},
	"EmptyBatchRequest":            {query: "AWS.SimpleQueueService.EmptyBatchRequest"},
	"InvalidBatchEntryId":          {query: "AWS.SimpleQueueService.InvalidBatchEntryId"},
	"TooManyEntriesInBatchRequest": {query: "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"},
	"MessageNotInflight":           {query: "AWS.SimpleQueueService.MessageNotInflight"},
	"QueueDeletedRecently":         {query: "AWS.SimpleQueueService.QueueDeletedRecently"},
	"UnsupportedOperation":         {query: "AWS.SimpleQueueService.UnsupportedOperation"},
	"PurgeQueueInProgress":         {query: "AWS.SimpleQueueService.PurgeQueueInProgress", status: http.StatusForbidden},
	"QueueDoesNotExist":            {query: "AWS.SimpleQueueService.NonExistentQueue", queryText: "The specified queue does not exist for this wsdl version."},
	"QueueNameExists":              {query: "QueueAlreadyExists"},
	"OverLimit":                    {status: http.StatusForbidden},
	"RequestThrottled":             {status: http.StatusForbidden},
	"InvalidSecurity":              {status: http.StatusForbidden},
	"ReceiptHandleIsInvalid":       {status: http.StatusNotFound},
	"ResourceNotFoundException":    {status: http.StatusNotFound},
	"InvalidAddress":               {status: http.StatusNotFound},
	"KmsAccessDenied":              {query: "KMS.AccessDeniedException"},
	"KmsDisabled":                  {query: "KMS.DisabledException"},
	"KmsInvalidKeyUsage":           {query: "KMS.InvalidKeyUsageException"},
	"KmsInvalidState":              {query: "KMS.InvalidStateException"},
	"KmsNotFound":                  {query: "KMS.NotFoundException"},
	"KmsOptInRequired":             {query: "KMS.OptInRequired", status: http.StatusForbidden},
	"KmsThrottled":                 {query: "KMS.ThrottlingException"},

	"InvalidParameterValue":               {namespace: coral, name: "InvalidParameterValueException"},
	"InvalidParameterValueException":      {namespace: coral, query: "InvalidParameterValue"},
	"InvalidParameterCombination":         {namespace: coral, name: "InvalidParameterCombinationException"},
	"MissingParameter":                    {namespace: coral, name: "MissingRequiredParameterException"},
	"MissingRequiredParameterException":   {namespace: coral, query: "MissingParameter"},
	"SerializationException":              {namespace: coral, query: "MalformedInput", capital: true},
	"UnknownOperationException":           {namespace: coral, query: "InvalidAction"},
	"AccessDenied":                        {namespace: coral, name: "AccessDeniedException", status: http.StatusForbidden},
	"AccessDeniedException":               {namespace: coral, query: "AccessDenied", status: http.StatusForbidden},
	"MissingAuthenticationTokenException": {namespace: coral, query: "AccessDenied", status: http.StatusForbidden},
	"IncompleteSignatureException":        {namespace: coral, query: "IncompleteSignature"},
	"InvalidSignatureException":           {namespace: coral, query: "SignatureDoesNotMatch", status: http.StatusForbidden},
	"UnrecognizedClientException":         {namespace: coral, query: "InvalidClientTokenId", status: http.StatusForbidden},
	"ServiceUnavailableException":         {namespace: coral, query: "ServiceUnavailable", status: http.StatusServiceUnavailable},
	"ThrottlingException":                 {namespace: coral, query: "Throttling"},
	"InternalServerError":                 {namespace: coral, name: "InternalFailure", query: "InternalFailure"},
	"MalformedQueryString":                {status: http.StatusNotFound},
}

// autoscalingErrors are the codes of Application Auto Scaling: its model names
// the text "Message".
var autoscalingErrors = map[string]errorRule{
	"ValidationException":           {capital: true},
	"LimitExceededException":        {capital: true},
	"ObjectNotFoundException":       {capital: true},
	"InvalidNextTokenException":     {capital: true},
	"ConcurrentUpdateException":     {capital: true},
	"FailedResourceAccessException": {capital: true},
	"ResourceNotFoundException":     {capital: true},
	"TooManyTagsException":          {capital: true},
	"SerializationException":        {capital: true},
	"InternalServerError":           {name: "InternalServiceException", capital: true},
	"ServiceUnavailableException":   {status: http.StatusServiceUnavailable},
}

// lambdaErrors are the codes of Lambda that are not as usual.
var lambdaErrors = map[string]errorRule{
	"AccessDeniedException":               {capital: true, status: http.StatusForbidden},
	"IncompleteSignatureException":        {status: http.StatusForbidden},
	"InternalServerError":                 {name: "ServiceException", capital: true},
	"InvalidSignatureException":           {status: http.StatusForbidden},
	"MissingAuthenticationTokenException": {status: http.StatusForbidden},
	"PreconditionFailedException":         {status: http.StatusPreconditionFailed, capital: true},
	"RequestEntityTooLargeException":      {status: http.StatusRequestEntityTooLarge},
	"RequestTooLargeException":            {status: http.StatusRequestEntityTooLarge},
	"ResourceConflictException":           {status: http.StatusConflict},
	"ResourceInUseException":              {capital: true},
	"ResourceNotFoundException":           {status: http.StatusNotFound, capital: true},
	"ServiceUnavailableException":         {status: http.StatusServiceUnavailable},
	"TooManyRequestsException":            {status: http.StatusTooManyRequests},
	"UnknownOperationException":           {status: http.StatusNotFound},
	"UnrecognizedClientException":         {status: http.StatusForbidden},
	"UnsupportedMediaTypeException":       {status: http.StatusUnsupportedMediaType},
}

// pipesErrors are the codes of EventBridge Pipes that are not as usual.
var pipesErrors = map[string]errorRule{
	"AccessDeniedException":               {status: http.StatusForbidden},
	"ConflictException":                   {status: http.StatusConflict},
	"IncompleteSignatureException":        {status: http.StatusForbidden},
	"InternalServerError":                 {name: "InternalException"},
	"InvalidSignatureException":           {status: http.StatusForbidden},
	"MissingAuthenticationTokenException": {status: http.StatusForbidden},
	"NotFoundException":                   {status: http.StatusNotFound},
	"ServiceQuotaExceededException":       {status: http.StatusPaymentRequired},
	"ServiceUnavailableException":         {status: http.StatusServiceUnavailable},
	"UnknownOperationException":           {status: http.StatusNotFound},
	"UnrecognizedClientException":         {status: http.StatusForbidden},
}

// logsErrors are the codes of CloudWatch Logs that are not as usual.
var logsErrors = map[string]errorRule{
	"InternalServerError": {name: "ServiceUnavailableException"},
	"ValidationException": {name: "InvalidParameterException"},
}

// cloudwatchErrors are the codes of CloudWatch: its older protocol has other names.
var cloudwatchErrors = map[string]errorRule{
	"InvalidParameterValueException":       {query: "InvalidParameterValue"},
	"InvalidParameterCombinationException": {query: "InvalidParameterCombination"},
	"MissingRequiredParameterException":    {query: "MissingParameter"},
}

func errUnknownOperation() *api.Error { return &api.Error{Code: "UnknownOperationException"} }

// errMalformed is the error of a body that is not JSON. It comes without a text.
func errMalformed() *api.Error { return &api.Error{Code: "SerializationException"} }

func errInternal() *api.Error {
	return &api.Error{Code: "InternalServerError", Message: "Internal server error", Fault: api.Server}
}

func errUnavailable() *api.Error {
	return &api.Error{
		Code: "ServiceUnavailableException", Message: "The service is currently unavailable.", Fault: api.Server,
	}
}

// missingParameter is the error of SQS for a required member that is absent; nil
// if name is empty. Two members have errors of their own.
func missingParameter(name string) error {
	switch name {
	case "":
		return nil
	case "QueueUrl":
		return api.Errorf("QueueDoesNotExist", "The specified queue does not exist.")
	case "QueueName":
		return api.Errorf("InvalidParameterValue", "Value for parameter QueueName is invalid. Reason: Must specify a queue name.")
	}
	return api.Errorf("MissingParameter", "The request must contain the parameter %s.", name)
}

// writeError makes resp the response that carries an error.
func writeError(resp *Response, svc *service, err *api.Error) {
	rule := svc.errors[err.Code]
	resp.Status = status(err, rule)
	if resp.ContentType == "" {
		resp.ContentType = json10
	}
	if svc.query {
		resp.QueryError = queryError(err, rule)
	}
	resp.Body = appendError(resp.Body[:0], svc, err, rule)
}

func status(err *api.Error, rule errorRule) int {
	switch {
	case err.Status != 0:
		return err.Status
	case rule.status != 0:
		return rule.status
	case err.Fault == api.Server:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

func queryError(err *api.Error, rule errorRule) string {
	code := rule.query
	if code == "" {
		code = err.Code
	}
	if err.Fault == api.Server {
		return code + ";Receiver"
	}
	return code + ";Sender"
}

func appendError(b []byte, svc *service, err *api.Error, rule errorRule) []byte {
	namespace, name := rule.namespace, rule.name
	if namespace == "" {
		namespace = svc.namespace
	}
	if name == "" {
		name = err.Code
	}
	b = append(b, `{"__type":`...)
	b = jsontok.AppendString(b, namespace+name)
	if err.Message != "" {
		member := `,"message":`
		if rule.capital {
			member = `,"Message":`
		}
		b = append(b, member...)
		b = appendText(b, err.Message)
	}
	if err.Reasons != nil {
		b = append(b, `,"CancellationReasons":`...)
		b = api.AppendList(b, err.Reasons, appendReason)
	}
	if !err.Item.IsZero() {
		b = append(b, `,"Item":`...)
		b = err.Item.AppendJSON(b)
	}
	if err.Throttling != nil {
		b = append(b, `,"`+cmp.Or(rule.reasons, "ThrottlingReasons")+`":`...)
		b = api.AppendList(b, err.Throttling, appendThrottling)
	}
	return append(b, '}')
}

func appendReason(b []byte, r api.CancellationReason) []byte {
	b = append(b, `{"Code":`...)
	b = jsontok.AppendString(b, r.Code)
	if !r.Item.IsZero() {
		b = append(b, `,"Item":`...)
		b = r.Item.AppendJSON(b)
	}
	if r.Message != "" {
		b = append(b, `,"Message":`...)
		b = appendText(b, r.Message)
	}
	return append(b, '}')
}

func appendThrottling(b []byte, r api.ThrottlingReason) []byte {
	b = append(b, `{"reason":`...)
	b = jsontok.AppendString(b, r.Reason)
	b = append(b, `,"resource":`...)
	b = jsontok.AppendString(b, r.Resource)
	return append(b, '}')
}

// appendText appends a text that may quote what a client sent in a header, which
// need not be UTF-8.
func appendText(b []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return jsontok.AppendString(b, s)
}
