using System.Diagnostics;
using System.Globalization;
using Scitq.Agent.Disk;
using Scitq.Agent.Runtimes.Native;

namespace Scitq.Agent.Attempts;

/// <summary>How much of the work directory's disk each running attempt has taken. Looked up only when the disk is short: it walks trees.</summary>
internal static class DiskUse
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Bytes of each, without what was fetched for it; those that could not be measured in time are left out.</summary>
    public static async Task<Dictionary<Attempt, long>> MeasureAsync(IReadOnlyList<Attempt> running, TimeProvider time, CancellationToken ct)
    {
        var used = new Dictionary<Attempt, long>();
        // What the kernel takes as arguments is limited.
        foreach (var some in running.Chunk(500))
        {
            var trees = await TreesAsync([.. some.SelectMany(Directories)], time, ct);
            foreach (var attempt in some)
            {
                if (Directories(attempt).Sum(d => trees.GetValueOrDefault(d, -1)) is var bytes && bytes >= 0)
                    used[attempt] = Math.Max(0, bytes + Unnamed(attempt) - attempt.BytesFetched);
            }
        }

        return used;
    }

    // Not resource/: its files are the cache's.
    private static string[] Directories(Attempt attempt) =>
        [.. ((string[])[attempt.Directory.Input, attempt.Directory.Output, attempt.Directory.Temp, attempt.Directory.Control]).Where(Directory.Exists)];

    /// <summary>Unlike anything in this process, <c>du</c> takes names of any bytes and trees of any depth.</summary>
    private static async Task<Dictionary<string, long>> TreesAsync(string[] directories, TimeProvider time, CancellationToken ct)
    {
        var trees = new Dictionary<string, long>();
        if (directories.Length == 0) return trees;
        var start = new ProcessStartInfo("du", ["-s", "-k", "-x", "--", .. directories]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var du = Process.Start(start)!;
        du.ErrorDataReceived += (_, _) => { };
        du.BeginErrorReadLine();
        using var over = new CancellationTokenSource(Patience, time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct, over.Token);
        try
        {
            while (await du.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            {
                if (line.Split('\t', 2) is [var size, var path] && long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var kilobytes))
                    trees[path] = kilobytes * 1024;
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // A tree of millions: the others were measured.
        }
        finally
        {
            if (!du.HasExited) du.Kill();
        }

        return trees;
    }

    /// <summary>Files on the same disk that its processes have open but that have no name below its directory: deleted ones, and those elsewhere.</summary>
    private static long Unnamed(Attempt attempt)
    {
        if (attempt.Run is not { } run || FileBlocks.Of(attempt.Directory.Root) is not { } root) return 0;
        var found = new Dictionary<ulong, long>();
        foreach (var descriptor in run.ProcessIds.SelectMany(Descriptors))
        {
            if (FileBlocks.Of(descriptor, follow: true) is not { IsFile: true } file || file.Device != root.Device) continue;
            if (file.Links > 0 && (IsBelow(descriptor, attempt.Directory.Root) || !IsWritten(descriptor))) continue;
            found[file.Inode] = file.Allocated;
        }

        return found.Values.Sum();
    }

    private static IEnumerable<string> Descriptors(int pid)
    {
        try
        {
            return Directory.GetFileSystemEntries($"/proc/{pid}/fd");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended.
            return [];
        }
    }

    private static bool IsBelow(string descriptor, string directory)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget?.StartsWith(directory + "/", StringComparison.Ordinal) ?? false;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // "flags:" in octal; its last digit holds how it was opened, 0 for reading only.
    private static bool IsWritten(string descriptor) =>
        Posix.Read(descriptor.Replace("/fd/", "/fdinfo/", StringComparison.Ordinal)) is { } text
        && System.Text.Encoding.ASCII.GetString(text).Split('\n').FirstOrDefault(l => l.StartsWith("flags:", StringComparison.Ordinal)) is { Length: > 0 } flags
        && (flags[^1] - '0') % 4 != 0;
}
