using System.Runtime.InteropServices;
using System.Text;

namespace Scitq.Fetch.Local;

/// <summary>
/// A way to a file whose path is longer than the kernel takes at once (4,096 bytes): by descriptors of directories on the
/// way, each of which stands for all above it. A short path is taken as it is.
/// </summary>
internal sealed partial class DeepPath : IDisposable
{
    private const int Longest = 3500;
    private const int PathOnly = 0x200000, CloseOnExec = 0x80000;
    private static readonly int Directory = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x4000 : 0x10000;
    private static readonly int NoFollow = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x8000 : 0x20000;
    private int _descriptor = -1;

    private DeepPath(string path) => Path = path;

    /// <summary>The path in a form that the kernel takes. It is valid until this is disposed of.</summary>
    public string Path { get; private set; }

    /// <summary>Whether a path has to be gone in steps.</summary>
    public static bool IsNeeded(string path) => OperatingSystem.IsLinux() && path.Length > Longest / 3 && Encoding.UTF8.GetByteCount(path) > Longest;

    /// <summary>The way to this place.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="makeFolder">Makes each directory above it.</param>
    /// <exception cref="IOException">A directory on the way is not there, or is a link.</exception>
    public static DeepPath To(string path, Action<string>? makeFolder = null)
    {
        if (!IsNeeded(path))
        {
            makeFolder?.Invoke(System.IO.Path.GetDirectoryName(path)!);
            return new DeepPath(path);
        }

        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var way = new DeepPath("");
        try
        {
            foreach (var part in parts.SkipLast(1))
            {
                if (IsNeeded($"{way.Path}/{part}")) way.Enter();
                way.Path = $"{way.Path}/{part}";
                makeFolder?.Invoke(way.Path);
            }

            if (IsNeeded($"{way.Path}/{parts[^1]}")) way.Enter();
            way.Path = $"{way.Path}/{parts[^1]}";
            return way;
        }
        catch
        {
            way.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (_descriptor >= 0) _ = Close(_descriptor);
        _descriptor = -1;
    }

    private void Enter()
    {
        var next = Open(ByteName.Terminated(Path), PathOnly | Directory | CloseOnExec | (_descriptor < 0 ? 0 : NoFollow), 0);
        if (next < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            throw new IOException($"'{Path}' can't be entered: {Marshal.GetPInvokeErrorMessage(error)}", error);
        }

        Dispose();
        _descriptor = next;
        Path = $"/proc/self/fd/{next}";
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    private static partial int Open(byte[] path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
