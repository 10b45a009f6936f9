using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Scitq.Fetch;

namespace Scitq.Agent.Staging;

/// <summary>
/// Resources of this worker: each is fetched once, under a temporary name, published by rename, kept over restarts and
/// given to tasks as read-only links.
/// </summary>
internal sealed class ResourceCache(Fetcher fetcher, string directory)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<long>>> _fetching = new();

    /// <summary>Puts the resource into a task's directory; returns the bytes that had to be fetched for it.</summary>
    public async Task<long> ProvideAsync(string uri, string target, Action<string> phase, CancellationToken ct)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(uri)))[..32];
        var kept = Path.Combine(directory, name);
        var fetched = 0L;
        if (!Directory.Exists(kept))
        {
            phase($"fetching resource {uri}");
            var mine = new Lazy<Task<long>>(() => FetchAsync(uri, kept));
            var flight = _fetching.GetOrAdd(name, mine);
            try
            {
                var bytes = await flight.Value.WaitAsync(ct);
                if (flight == mine) fetched = bytes;
            }
            finally
            {
                if (flight.Value.IsCompleted) _fetching.TryRemove(KeyValuePair.Create(name, flight));
            }
        }

        await Task.Run(() => Link(kept, target, ct), ct);
        return fetched;
    }

    /// <summary>Removes what an earlier process began and did not finish.</summary>
    public void Clean()
    {
        if (!Directory.Exists(directory)) return;
        foreach (var unfinished in Directory.EnumerateDirectories(directory, ".*")) Directory.Delete(unfinished, recursive: true);
    }

    // Not stopped with the task that asked first: others may wait for it by now, and the next will want it.
    private async Task<long> FetchAsync(string uri, string kept)
    {
        if (Directory.Exists(kept)) return 0;
        var temporary = Path.Combine(directory, $".{Path.GetFileName(kept)}");
        Directory.CreateDirectory(temporary);
        var result = await fetcher.GetAsync(fetcher.CheckUri(uri), temporary, progress: null, CancellationToken.None);
        foreach (var file in Directory.EnumerateFiles(temporary, "*", Recursive))
            File.SetUnixFileMode(file, File.GetUnixFileMode(file) & ~(UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite) | UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Directory.Move(temporary, kept);
        return result.Bytes;
    }

    private static void Link(string from, string to, CancellationToken ct)
    {
        Directory.CreateDirectory(to);
        foreach (var entry in new DirectoryInfo(from).EnumerateFileSystemInfos())
        {
            ct.ThrowIfCancellationRequested();
            var target = Path.Combine(to, entry.Name);
            if (entry.LinkTarget is { } link) File.CreateSymbolicLink(target, link);
            else if (entry is DirectoryInfo) Link(entry.FullName, target, ct);
            // Another file system, or one without links: a copy does as well.
            else if (HardLink(entry.FullName, target) != 0) File.Copy(entry.FullName, target, overwrite: true);
        }
    }

    private static readonly EnumerationOptions Recursive = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };

    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int HardLink([MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);
}
