using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Files;
using Scitq.Agent.Runtimes;
using Scitq.Fetch.Local;

namespace Scitq.Agent.Disk;

/// <summary>
/// Removes what tasks have left. What can't be removed is set aside, <c>aside/</c> in the work directory, under a name that tells where it was:
/// it is in nobody's way, is told once, and is tried again less and less often.
/// </summary>
internal sealed partial class Leftovers(string workDirectory, IRootRemoval privileged, TimeProvider time, ILogger<Leftovers> logger)
{
    private static readonly TimeSpan FirstAgain = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LastAgain = TimeSpan.FromHours(1);
    private readonly string _place = Path.Combine(Path.GetFullPath(workDirectory), "aside");
    private readonly ConcurrentDictionary<string, Leftover> _left = new();
    private readonly Lock _retrying = new();

    /// <summary>What can't be removed, and why.</summary>
    public IReadOnlyList<(string Path, string Problem)> Left =>
        [.. _left.Where(l => l.Value.Problem is not null).Select(l => (l.Key, l.Value.Problem!))];

    /// <summary>Makes a directory of the agent's own, with this mode; what else is there under its name is set aside.</summary>
    /// <exception cref="IOException">It can't be made.</exception>
    public void Make(string directory, int mode)
    {
        if (!Directory.Exists(directory) && FileKinds.Of(directory) != FileKind.Missing)
        {
            if (directory == _place) TreeRemoval.Remove(directory);
            else _left.TryAdd(SetAside(directory), new Leftover());
        }

        OwnDirectory.MakeExactly(directory, mode);
    }

    /// <summary>Takes up what an earlier process could not remove.</summary>
    public void Open()
    {
        Make(_place, OwnDirectory.Closed);
        foreach (var path in Directory.EnumerateFileSystemEntries(_place)) _left.TryAdd(path, new Leftover());
    }

    /// <summary>Removes a directory, or sets it aside: its name is free afterwards, wherever that is possible at all.</summary>
    public void Remove(string directory)
    {
        try
        {
            RemoveTree(directory, CancellationToken.None);
        }
        catch (IOException e)
        {
            Keep(SetAside(directory), new Leftover(), e.Message);
        }
    }

    /// <summary>Sets it aside, to be removed a little later.</summary>
    public void Discard(string path) => _left.TryAdd(SetAside(path), new Leftover());

    /// <summary>
    /// Sets aside, to be removed a little later, all in a directory but the names to keep: much may be in there, and nobody is to wait for that.
    /// </summary>
    public unsafe void Sweep(string directory, Func<string, bool> keep)
    {
        using var from = Open(directory);
        using var to = Open(_place);
        for (byte* name; (name = from.Next(out _)) is not null;)
        {
            var text = Encoding.UTF8.GetString(System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name));
            if (keep(text)) continue;
            var aside = NameFor(text);
            fixed (byte* target = Encoding.UTF8.GetBytes(aside + "\0"))
            {
                var moved = Descriptors.RenameAt(from.Fd, name, to.Fd, target) == 0;
                _left.TryAdd(moved ? Path.Combine(_place, aside) : Path.Combine(directory, text), new Leftover());
            }
        }
    }

    /// <summary>Tries once more what is due, or all of it.</summary>
    public void Retry(bool all, CancellationToken ct)
    {
        lock (_retrying)
        {
            foreach (var (path, leftover) in _left)
            {
                if (!all && leftover.Wait > TimeSpan.Zero && time.GetElapsedTime(leftover.Tried) < leftover.Wait) continue;
                try
                {
                    RemoveTree(path, ct);
                    _left.TryRemove(path, out _);
                    if (leftover.Problem is not null) Log.Removed(logger, path);
                }
                catch (IOException e)
                {
                    Keep(path, leftover, e.Message);
                }
            }
        }
    }

    private void RemoveTree(string path, CancellationToken ct)
    {
        try
        {
            TreeRemoval.Remove(path, ct);
        }
        catch (IOException)
        {
            privileged.RemoveAsRootAsync(path, ct).GetAwaiter().GetResult();
            TreeRemoval.Remove(path, ct);
        }
    }

    private void Keep(string path, Leftover leftover, string problem)
    {
        // Retried for ever, it is told only once.
        if (leftover.Problem is null) Log.NotRemoved(logger, path, problem);
        leftover.Problem = problem;
        leftover.Tried = time.GetTimestamp();
        leftover.Wait = leftover.Wait == TimeSpan.Zero ? FirstAgain : leftover.Wait * 2 < LastAgain ? leftover.Wait * 2 : LastAgain;
        _left[path] = leftover;
    }

    private static OpenDirectory Open(string directory) =>
        OpenDirectory.Open(directory, out var error) ?? throw new IOException($"'{directory}' can't be read: {Descriptors.Message(error)}.", error);

    /// <summary>Where it is afterwards: where it was, when it can't even be renamed.</summary>
    private string SetAside(string path)
    {
        try
        {
            OwnDirectory.MakeExactly(_place, OwnDirectory.Closed);
            var aside = Path.Combine(_place, NameFor(Path.GetFileName(path)));
            // Not Directory.Move: it may be anything.
            Rename(path, aside);
            return aside;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return path;
        }
    }

    private static unsafe void Rename(string from, string to)
    {
        fixed (byte* source = Encoding.UTF8.GetBytes(from + "\0"), target = Encoding.UTF8.GetBytes(to + "\0"))
            if (Descriptors.RenameAt(Descriptors.AtCurrentDirectory, source, Descriptors.AtCurrentDirectory, target) != 0)
                throw new IOException($"'{from}' can't be renamed: {System.Runtime.InteropServices.Marshal.GetLastPInvokeErrorMessage()}.");
    }

    private static string NameFor(string name)
    {
        var plain = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '_').Take(100));
        return $"{plain}~{Guid.NewGuid().ToString("N")[..8]}";
    }

    private sealed class Leftover
    {
        /// <summary>Why it is still there; null when that was not tried yet.</summary>
        public string? Problem { get; set; }

        public long Tried { get; set; }

        public TimeSpan Wait { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message =
            "{Path} is kept, as it can't be removed, and is tried again now and then: {Problem} ('scitq-manage worker clean' tries at once.)")]
        public static partial void NotRemoved(ILogger logger, string path, string problem);

        [LoggerMessage(Level = LogLevel.Information, Message = "{Path} is removed after all.")]
        public static partial void Removed(ILogger logger, string path);
    }
}
