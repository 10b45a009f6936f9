using System.Globalization;
using Scitq.Fetch;
using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Fetch;

/// <summary><c>3/5 files  1.2/4.0 GiB  ━━━━╸━━  41.3 MB/s  1m08s</c> on a terminal's standard error; elsewhere nothing.</summary>
internal sealed class ProgressLine(ToolIo io, bool show) : IProgress<TransferProgress>
{
    private const int BarWidth = 20;
    private readonly Lock _lock = new();
    private readonly long _started = io.Clock.GetTimestamp();
    private bool _shown;

    public TimeSpan Elapsed => io.Clock.GetElapsedTime(_started);

    public void Report(TransferProgress value)
    {
        if (!show) return;
        lock (_lock)
        {
            io.PaintedError.Write("\r\x1b[K" + Text(value, Elapsed));
            _shown = true;
        }
    }

    /// <summary>A line of its own.</summary>
    public void Say(string text)
    {
        lock (_lock)
        {
            ClearLine();
            io.Error.WriteLine($"{FetchCommand.Program}: {Display.Clean(text)}");
        }
    }

    public void Clear()
    {
        lock (_lock) ClearLine();
    }

    internal static string Text(TransferProgress value, TimeSpan elapsed)
    {
        var rate = elapsed > TimeSpan.Zero ? value.Bytes / elapsed.TotalSeconds : 0;
        var text = $"{Display.Count(value.Files)}/{Display.Count(value.TotalFiles)} files  ";
        if (value.TotalBytes is not { } total) return $"{text}{Display.Size(value.Bytes)}  {Rate(rate)}";
        var part = total > 0 ? Math.Clamp((double)value.Bytes / total, 0, 1) : 1;
        var full = (int)(part * BarWidth);
        var bar = new string('━', full) + (full < BarWidth ? "╸" : "") + new string(' ', Math.Max(0, BarWidth - full - 1));
        var left = rate > 0 ? $"  {Duration.Show(TimeSpan.FromSeconds(Math.Ceiling(Math.Max(0, total - value.Bytes) / rate)))}" : "";
        return $"{text}{Display.Size(value.Bytes)}/{Display.Size(total)}  {bar}  {Rate(rate)}{left}";
    }

    internal static string Rate(double rate) => rate switch
    {
        < 999.5 => string.Create(CultureInfo.InvariantCulture, $"{rate:0} B/s"),
        < 999_950 => string.Create(CultureInfo.InvariantCulture, $"{rate / 1000:0.0} kB/s"),
        < 999_950_000 => string.Create(CultureInfo.InvariantCulture, $"{rate / 1_000_000:0.0} MB/s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{rate / 1_000_000_000:0.0} GB/s"),
    };

    private void ClearLine()
    {
        if (_shown) io.PaintedError.Write("\r\x1b[K");
        _shown = false;
    }
}
