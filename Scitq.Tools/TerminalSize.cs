using System.Runtime.InteropServices;

namespace Scitq.Tools;

/// <summary>How large the terminal is. The framework's <see cref="Console.WindowWidth"/> puts the terminal into keypad mode and leaves it so.</summary>
internal static partial class TerminalSize
{
    private const int LeastWidth = 20, LeastHeight = 3;

    /// <summary>Null where the descriptor is no terminal, or one that does not tell.</summary>
    public static unsafe (int Width, int Height)? Read(int descriptor)
    {
        // The call takes variable arguments, which other systems pass in other ways.
        if (!OperatingSystem.IsLinux()) return (Console.WindowWidth, Console.WindowHeight);
        const uint getWindowSize = 0x5413;      // TIOCGWINSZ
        var size = default(WindowSize);
        return Control(descriptor, getWindowSize, &size) == 0 && size.Columns > 0
            ? (Math.Max(LeastWidth, (int)size.Columns), Math.Max(LeastHeight, (int)size.Rows))
            : null;
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static unsafe partial int Control(int descriptor, nuint request, WindowSize* size);

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort WidthInPixels;
        public ushort HeightInPixels;
    }
}
