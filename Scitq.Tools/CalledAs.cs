namespace Scitq.Tools;

/// <summary>The name this process was started by. The runtime resolves links before it tells a path, so the kernel is asked.</summary>
internal static class CalledAs
{
    public static string Read()
    {
        string? name = null;
        if (OperatingSystem.IsLinux())
        {
            try
            {
                name = File.ReadAllText("/proc/self/cmdline").Split('\0', 2)[0];
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                name = null;            // no /proc: the file's own name serves, with the command as first argument
            }
        }

        return Path.GetFileName(name ?? Environment.ProcessPath ?? "scitq-tools");
    }
}
