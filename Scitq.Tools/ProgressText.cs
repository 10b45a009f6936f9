namespace Scitq.Tools;

/// <summary>How far something is, on standard error: one line that is written over on a terminal, elsewhere a line now and then.</summary>
internal sealed class ProgressText(ToolIo io, bool quiet)
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private long _written = io.Clock.GetTimestamp();
    private string? _last;
    private bool _shown;

    public void Show(string text)
    {
        if (quiet) return;
        lock (_lock)
        {
            if (text == _last) return;
            if (io.ErrorIsTerminal)
            {
                io.Error.Write($"\r{text}\x1b[K");
                (_shown, _last) = (true, text);
            }
            else if (io.Clock.GetElapsedTime(_written) >= BetweenLines)
            {
                io.Error.WriteLine(text);
                (_written, _last) = (io.Clock.GetTimestamp(), text);
            }
        }
    }

    /// <summary>Takes the line away, for another one.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            if (_shown) io.Error.Write("\r\x1b[K");
            (_shown, _last) = (false, null);
        }
    }
}
