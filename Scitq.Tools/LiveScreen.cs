namespace Scitq.Tools;

/// <summary>
/// A terminal that shows one page, painted anew in place. It has a screen of its own, so that what was there before comes back, and lines that are too
/// long are cut by the terminal.
/// </summary>
internal sealed class LiveScreen : IDisposable
{
    private const string Enter = "\x1b[?1049h\x1b[?25l\x1b[?7l", Leave = "\x1b[?7h\x1b[?25h\x1b[?1049l";

    private readonly ToolIo _io;

    public LiveScreen(ToolIo io)
    {
        _io = io;
        Write(Enter);
    }

    /// <summary>Shows as many of the lines as there is room for.</summary>
    public void Paint(IReadOnlyList<string> lines)
    {
        var shown = lines.Take(_io.Screen().Height);
        Write($"\x1b[H{string.Join("\r\n", shown.Select(l => $"{l}\x1b[K"))}\x1b[J");
    }

    public void Dispose()
    {
        try
        {
            Write(Leave);
        }
        catch (IOException)
        {
            // There is no terminal any more to be left in order.
        }
    }

    private void Write(string text)
    {
        _io.Painted.Write(text);
        _io.Painted.Flush();
    }
}
