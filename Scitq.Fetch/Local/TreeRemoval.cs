using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Scitq.Fetch.Local;

/// <summary>
/// Removes a directory and all in it, whatever a program has left there: any depth, any modes, names of any bytes, flags, mounts. No link is
/// followed and no other file system entered; what is mounted inside is unmounted. Descriptors and memory are bounded: what lies too deep is
/// moved up before it is emptied. Elsewhere than on Linux it is left to .NET.
/// </summary>
internal sealed unsafe class TreeRemoval : IDisposable
{
    private const int MostOpen = 48;
    private const int DeepestOpen = 256;
    private const int MostMounts = 64;
    private const uint OwnerMayAll = 0b111_000_000;

    // Somebody may still be writing there.
    private const int MostPasses = 32;

    private readonly Stack<Level> _open = new();
    private readonly ulong _mount;
    private readonly CancellationToken _ct;
    private int _left;
    private string? _first;

    private TreeRemoval(ulong mount, CancellationToken ct) => (_mount, _ct) = (mount, ct);

    /// <summary>Removes it; that there is nothing is no failure.</summary>
    /// <exception cref="IOException">Something is left: the message names it and says why.</exception>
    public static void Remove(string path, CancellationToken ct = default)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (!OperatingSystem.IsLinux())
        {
            if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
            else File.Delete(path);
            return;
        }

        int parent;
        fixed (byte* above = ByteName.Terminated(Path.GetDirectoryName(path)!))
            parent = Descriptors.OpenAt(Descriptors.AtCurrentDirectory, above, Descriptors.PathOnly | Descriptors.OnlyDirectories | Descriptors.CloseOnExec);
        if (parent < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error is Descriptors.NoEntry or Descriptors.NotADirectory) return;
            throw new IOException($"'{path}' could not be removed: {Descriptors.Message(error)}.", error);
        }

        try
        {
            Remove(parent, ByteName.Terminated(Path.GetFileName(path)), ct);
        }
        finally
        {
            _ = Descriptors.Close(parent);
        }
    }

    /// <summary>Removes a name of an open directory.</summary>
    /// <param name="parent">The directory.</param>
    /// <param name="name">The name, with a final zero.</param>
    /// <param name="ct">Stops it on the way.</param>
    /// <exception cref="IOException">Something is left: the message names it and says why.</exception>
    public static void Remove(int parent, byte[] name, CancellationToken ct = default)
    {
        if (Descriptors.FactsOf(parent, null, out var error) is not { } facts) throw new IOException(Descriptors.Message(error), error);
        using var removal = new TreeRemoval(facts.Mount, ct);
        fixed (byte* first = name) removal.Entry(parent, first, mayBeDirectory: true);
        removal.Run(parent);
        if (removal._first is { } left)
            throw new IOException(removal._left == 1 ? left
                : string.Create(CultureInfo.InvariantCulture, $"{removal._left} entries are left, the first of them: {left}"));
    }

    public void Dispose()
    {
        while (_open.TryPop(out var level)) level.Directory.Dispose();
    }

    private void Run(int parent)
    {
        while (_open.TryPeek(out var level))
        {
            _ct.ThrowIfCancellationRequested();
            var name = level.Directory.Next(out var mayBeDirectory);
            if (name is not null)
            {
                if (_open.Count < MostOpen || !mayBeDirectory || !MoveUp(level, name)) Entry(level.Directory.Fd, name, mayBeDirectory);
                continue;
            }

            _open.Pop();
            var above = _open.TryPeek(out var next) ? next.Directory.Fd : parent;
            int error;
            fixed (byte* own = level.Directory.Name)
                error = Descriptors.UnlinkAt(above, own, Descriptors.RemoveDirectory) == 0 ? 0 : Marshal.GetLastPInvokeError();
            if (error is Descriptors.NotEmpty or Descriptors.Exists && level.Again())
            {
                level.Directory.Rewind();
                _open.Push(level);
                continue;
            }

            if (error is not (0 or Descriptors.NoEntry))
            {
                // That something is left in it has been said already.
                if (error is not (Descriptors.NotEmpty or Descriptors.Exists) || _first is null) Left(level.Directory.Name, error);
            }
            else
            {
                next?.Progress();
            }

            level.Directory.Dispose();
        }
    }

    /// <summary>Removes what is no directory, and opens what is one.</summary>
    private void Entry(int parent, byte* name, bool mayBeDirectory)
    {
        var error = Descriptors.NotADirectory;
        if (mayBeDirectory && TryOpen(parent, name, out error) is { } directory)
        {
            if (_open.Count < DeepestOpen)
            {
                _open.Push(new Level(directory));
                return;
            }

            // It could not be moved up either.
            directory.Dispose();
            error = Descriptors.TooDeep;
        }

        // A link, whose target is nobody's business here, answers so, too.
        if (error is Descriptors.NotADirectory or Descriptors.TooManyLinks && !TryUnlink(parent, name, out error)
            && error == Descriptors.IsADirectory && !mayBeDirectory)
        {
            Entry(parent, name, mayBeDirectory: true);
            return;
        }

        if (error is 0 or Descriptors.NoEntry) Progress();
        else Left(Bytes(name), error);
    }

    private void Progress()
    {
        if (_open.TryPeek(out var level)) level.Progress();
    }

    private bool TryUnlink(int parent, byte* name, out int error)
    {
        for (var tries = 0; ; tries++)
        {
            if (Descriptors.UnlinkAt(parent, name, 0) == 0)
            {
                error = 0;
                return true;
            }

            error = Marshal.GetLastPInvokeError();
            if (tries >= MostMounts) return false;
            if (error == Descriptors.Busy ? !TryUnmount(parent, name) : error != Descriptors.NotPermitted || !TryUnprotect(parent, name)) return false;
        }
    }

    private bool TryUnmount(int parent, byte* name)
    {
        var fd = Descriptors.OpenAt(parent, name, Descriptors.PathOnly | Descriptors.NoFollow | Descriptors.CloseOnExec);
        if (fd < 0) return false;
        var done = Descriptors.FactsOf(fd, null, out _) is { } facts && facts.Mount != _mount && Descriptors.Unmount(fd);
        _ = Descriptors.Close(fd);
        return done;
    }

    private static bool TryUnprotect(int parent, byte* name)
    {
        // Of a device, a mere opening can do something.
        if (Descriptors.FactsOf(parent, name, out _) is not { IsFile: true, IsProtected: true }) return false;
        var fd = Descriptors.OpenAt(parent, name, Descriptors.ReadOnly | Descriptors.NonBlocking | Descriptors.NoFollow | Descriptors.CloseOnExec);
        if (fd < 0) return false;
        var done = Descriptors.Unprotect(fd);
        _ = Descriptors.Close(fd);
        return done;
    }

    /// <summary>Opens a directory with all rights on it, once nothing is mounted there.</summary>
    private OpenDirectory? TryOpen(int parent, byte* name, out int error)
    {
        for (var mounts = 0; ; mounts++)
        {
            // By its path only, which needs no right on the directory itself, and is the same one for all that follows.
            var place = Descriptors.OpenAt(parent, name, Descriptors.PathOnly | Descriptors.OnlyDirectories | Descriptors.NoFollow | Descriptors.CloseOnExec);
            error = place < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (place < 0) return null;
            try
            {
                if (Descriptors.FactsOf(place, null, out error) is not { } facts) return null;
                if (facts.Mount != _mount)
                {
                    if (mounts < MostMounts && Descriptors.Unmount(place)) continue;
                    error = Descriptors.Busy;
                    return null;
                }

                if ((facts.Mode & OwnerMayAll) != OwnerMayAll) _ = Descriptors.ChangeMode(Descriptors.PathOf(place), OwnerMayAll);
                var fd = Descriptors.OpenAt(place, ".", Descriptors.ReadOnly | Descriptors.OnlyDirectories | Descriptors.CloseOnExec);
                error = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
                if (fd < 0) return null;
                if (facts.IsProtected) _ = Descriptors.Unprotect(fd);
                return new OpenDirectory(fd, Bytes(name));
            }
            finally
            {
                _ = Descriptors.Close(place);
            }
        }
    }

    /// <summary>Moves a directory up to the root of what is removed, which comes to it later.</summary>
    private bool MoveUp(Level level, byte* name)
    {
        var root = _open.Last();
        // A directory can only be moved by who may write in it.
        if (TryOpen(level.Directory.Fd, name, out _) is not { } directory) return false;
        directory.Dispose();
        fixed (byte* moved = Encoding.ASCII.GetBytes($".scitq-{Guid.NewGuid():N}\0"))
            if (Descriptors.RenameAt(level.Directory.Fd, name, root.Directory.Fd, moved) != 0) return false;
        level.Progress();
        root.Refilled();
        return true;
    }

    private void Left(byte[] name, int error)
    {
        _left++;
        if (_first is not null) return;
        var path = string.Join('/', _open.Reverse().Select(l => l.Directory.Name).Append(name).Select(n => Encoding.UTF8.GetString(n.AsSpan(..^1))));
        var shown = string.Concat((path.Length > 200 ? path[..100] + "…" + path[^99..] : path).Select(c => char.IsControl(c) ? '?' : c));
        var why = error == Descriptors.Busy ? "something is mounted there, or the kernel uses it" : Descriptors.Message(error);
        _first = $"'{shown}' could not be removed: {why}.";
    }

    private static byte[] Bytes(byte* name) => [.. MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name), 0];

    /// <summary>A directory that is being emptied.</summary>
    private sealed class Level(OpenDirectory directory)
    {
        private int _passes;
        private bool _progress;

        public OpenDirectory Directory => directory;

        public void Progress() => _progress = true;

        /// <summary>It has got more to remove from elsewhere.</summary>
        public void Refilled() => (_progress, _passes) = (true, 0);

        /// <summary>Whether to look through it once more: some file systems skip names while others are removed.</summary>
        public bool Again()
        {
            if (!_progress || ++_passes > MostPasses) return false;
            _progress = false;
            return true;
        }
    }
}
