namespace Scitq.Agent.Disk;

/// <summary>The file system that a directory is on.</summary>
internal static class DiskSpace
{
    /// <summary>Bytes that can still be written, and the size of the disk.</summary>
    public static (long Free, long Total) Of(string directory)
    {
        try
        {
            var drive = new DriveInfo(directory);
            return (drive.AvailableFreeSpace, drive.TotalSize);
        }
        catch (IOException)
        {
            // Not to be had from this file system: better to go on than to take it for full.
            return (long.MaxValue, long.MaxValue);
        }
    }
}
