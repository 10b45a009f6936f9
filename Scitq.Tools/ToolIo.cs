using System.Runtime.InteropServices;
using System.Text;

namespace Scitq.Tools;

/// <summary>All a command sees of the world around it: streams, environment, clock, interrupts.</summary>
internal sealed class ToolIo : IDisposable
{
    private readonly CancellationTokenSource _interrupt = new();
    private readonly List<IDisposable> _owned = [];
    private readonly TextWriter _out = TextWriter.Null, _error = TextWriter.Null;
    private TextWriter? _clean;
    private bool _watching;

    /// <summary>Standard output as bytes; <see cref="Out"/> writes through it without keeping anything back.</summary>
    public required Stream Output { get; init; }

    /// <summary>Standard error as bytes.</summary>
    public required Stream ErrorOutput { get; init; }

    public required Func<Stream> Input { get; init; }

    /// <summary>Text on standard output; on a terminal without control characters, elsewhere to the byte.</summary>
    public required TextWriter Out
    {
        get => OutputIsTerminal ? _clean ??= new CleanWriter(_out) : _out;
        init => _out = value;
    }

    /// <summary>Messages, without control characters.</summary>
    public required TextWriter Error
    {
        get;
        init => field = new CleanWriter(_error = value);
    }

    /// <summary>Standard output for what paints: its text was made safe before.</summary>
    public TextWriter Painted => _out;

    /// <summary>Standard error for what paints.</summary>
    public TextWriter PaintedError => _error;

    public required Func<string, string?> Variable { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public bool InputIsTerminal { get; init; }

    public bool OutputIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    public int Width { get; init; } = 80;

    /// <summary>How large the screen is now.</summary>
    public Func<(int Width, int Height)> Screen
    {
        get => field ??= () => (Width, 24);
        init;
    }

    /// <summary>Whether standard output obeys more than lines.</summary>
    public bool CanPaint => OutputIsTerminal && Variable("TERM") != "dumb";

    /// <summary>Set when the user interrupts; only after <see cref="WatchInterrupts"/>, before that the system ends the process.</summary>
    public CancellationToken Interrupted => _interrupt.Token;

    public static ToolIo OfProcess()
    {
        var output = new StandardStream(1);
        var error = new StandardStream(2, mustArrive: false);
        var terminal = !Console.IsOutputRedirected;
        return new ToolIo
        {
            Output = output,
            ErrorOutput = error,
            Input = Console.OpenStandardInput,
            Out = new StreamWriter(output, new UTF8Encoding(false), 16 * 1024) { AutoFlush = terminal },
            Error = new StreamWriter(error, new UTF8Encoding(false), 1024) { AutoFlush = true },
            Variable = Environment.GetEnvironmentVariable,
            InputIsTerminal = !Console.IsInputRedirected,
            OutputIsTerminal = terminal,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            Width = terminal ? TerminalSize.Read(1)?.Width ?? 80 : 80,
            Screen = () => terminal ? TerminalSize.Read(1) ?? (80, 24) : (80, 24),
        };
    }

    /// <summary>From here on an interrupt cancels <see cref="Interrupted"/>, so that the command can say what goes on; a second one ends the process.</summary>
    public void WatchInterrupts()
    {
        if (_watching) return;
        _watching = true;
        foreach (var signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGINT, PosixSignal.SIGTERM])
        {
            _owned.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = !_interrupt.IsCancellationRequested;
                _interrupt.Cancel();
            }));
        }
    }

    /// <summary>For tests: what a signal would do.</summary>
    public void Interrupt() => _interrupt.Cancel();

    public void Dispose()
    {
        try
        {
            Out.Flush();
        }
        catch (IOException)
        {
            // Nobody reads any more, or it was told before; the exit code is decided.
            _owned.Add(Output);
        }

        foreach (var owned in _owned) owned.Dispose();
        _interrupt.Dispose();
    }
}
