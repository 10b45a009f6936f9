namespace Scitq.Benchmarks.Systems;

/// <summary>Debian's rclone, as it is.</summary>
internal static class Rclone
{
    public const string Program = "/usr/bin/rclone";

    public static bool IsInstalled => File.Exists(Program);
}
