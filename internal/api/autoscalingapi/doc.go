// Package autoscalingapi holds the shapes, enums, error codes and constraints of
// the Application Auto Scaling API, generated from its model. Package api says
// how they are mapped to Go.
package autoscalingapi

//go:generate go run ../apigen -model ../models/application-autoscaling.json -package autoscalingapi
