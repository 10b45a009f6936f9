using Scitq.Agent.Files;

namespace Scitq.Agent.Runtimes;

/// <summary>The directories and files of one attempt, below <c>--work-dir</c>.</summary>
internal sealed record WorkDirectory(string Root)
{
    private const UnixFileMode Closed = (UnixFileMode)0b111_000_000;

    private string[] Inner => [Input, Output, Temp, Resource];

    public string Input => Path.Combine(Root, "input");

    public string Output => Path.Combine(Root, "output");

    public string Temp => Path.Combine(Root, "tmp");

    public string Resource => Path.Combine(Root, "resource");

    /// <summary>The agent's own files about the attempt, which are not for the command.</summary>
    public string Control => Path.Combine(Root, "control");

    public string Stdout => Path.Combine(Control, "stdout");

    public string Stderr => Path.Combine(Control, "stderr");

    /// <summary>Makes all directories, closed to everybody but the agent and the account that they are for.</summary>
    public void Create(Ownership owner)
    {
        foreach (var directory in (ReadOnlySpan<string>)[Root, Input, Output, Temp, Resource, Control])
            Directory.CreateDirectory(directory, Closed);
        if (owner != Ownership.Own) Give(owner);
    }

    /// <summary>Gives the directories to the account that they are for, also those that an older version of the agent has left open.</summary>
    public void Give(Ownership owner)
    {
        // The command passes through these two and cannot change them, so nothing there can be exchanged for a link.
        var above = owner.Account is { } account ? (0, account.Gid) : default((uint, uint)?);
        foreach (var directory in (ReadOnlySpan<string>)[Root, Control]) Set(directory, above, above is null ? 0b111_000_000 : 0b111_001_000);
        foreach (var directory in Inner) Set(directory, owner.Account, owner.Container ? 0b111_111_111 : 0b111_000_000);
    }

    /// <summary>Empties the files of a run; false when it finds anything else that <see cref="Create"/> has not made so.</summary>
    public bool TryClear(Ownership owner)
    {
        var uid = owner.Account?.Uid ?? Native.Posix.geteuid();
        foreach (var directory in Inner)
        {
            if (Unix.Stat(directory) is not { IsDirectory: true, Mode: 0b111_000_000 } stat || stat.Uid != uid) return false;
            if (Directory.EnumerateFileSystemEntries(directory).Any()) return false;
        }

        var files = new DirectoryInfo(Control).GetFileSystemInfos();
        if (files.Any(f => f is not FileInfo { LinkTarget: null, Name: "stdout" or "stderr" or "started.1" or "exit.1" or "unstartable.1" })) return false;
        foreach (var file in files)
        {
            // Made exclusively by each run; the others are written as they are found.
            if (file.Name == "started.1") file.Delete();
            else if (((FileInfo)file).Length > 0) File.OpenHandle(file.FullName, FileMode.Truncate, FileAccess.Write).Dispose();
        }

        return new DirectoryInfo(Root).GetFileSystemInfos().Length == 5;
    }

    private static void Set(string directory, (uint Uid, uint Gid)? account, int mode)
    {
        if (Unix.Stat(directory) is null) return;
        var fd = Unix.OpenDirectory(Unix.CurrentDirectory, Unix.Bytes(directory));
        try
        {
            var stat = Unix.Stat(fd, [], ofDescriptor: true)!.Value;
            if (account is { } a && (stat.Uid != a.Uid || stat.Gid != a.Gid)) Unix.SetOwner(fd, a.Uid, a.Gid);
            if (stat.Mode != mode) Unix.SetMode(fd, mode);
        }
        finally
        {
            Unix.Close(fd);
        }
    }
}
