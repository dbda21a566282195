package integration

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// The report of the example opens from a file, asks for nothing else, and fits a desk
// and a phone. Its pictures are in out/screens.
func TestRehearsalReport(t *testing.T) {
	path := findChromium()
	if path == "" {
		missing(t, "no Chromium: set CHROMIUM to one, or install chromium")
		t.SkipNow()
	}
	report := filepath.Join(t.TempDir(), "report.html")
	if out, err := exec.Command(levee, "rehearse", "../examples/campaign.yaml", "--report", report).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU)
	alloc, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	defer cancel()
	ctx, cancel := chromedp.NewContext(alloc)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, 150*time.Second)
	defer cancel()
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if e.Request.URL != "file://"+report {
				t.Errorf("the report asks for %s", e.Request.URL)
			}
		case *log.EventEntryAdded:
			t.Errorf("the browser says: %s", e.Entry.Text)
		}
	})
	if err := os.MkdirAll(filepath.Join("out", "screens"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, width := range map[string]int64{"desk": 1180, "phone": 390} {
		var over int64
		var text string
		var picture []byte
		err := chromedp.Run(ctx, network.Enable(), log.Enable(), emulation.SetDeviceMetricsOverride(width, 1180, 1, false), chromedp.Navigate("file://"+report),
			chromedp.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &over),
			chromedp.Text("body", &text), chromedp.CaptureScreenshot(&picture))
		if err != nil {
			t.Fatal(err)
		}
		if over > 0 {
			t.Errorf("%s: the page is %d pixels wider than the window", name, over)
		}
		for _, want := range []string{"one-off messages", "reaches the objective", "C, FIFO queue and consumers", "TableWriteKeyRangeThroughputExceeded"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not on the page", name, want)
			}
		}
		if err := os.WriteFile(filepath.Join("out", "screens", "rehearsal-"+name+".png"), picture, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
