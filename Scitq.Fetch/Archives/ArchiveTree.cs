using Scitq.Fetch.Local;

namespace Scitq.Fetch.Archives;

/// <summary>
/// The directory an archive unfolds in. Names, links and modes in it are hostile: nothing gets out of it, neither at once nor through a
/// link made by an earlier entry, and nothing in it has more rights than a plain file. Of several entries of one name the last is kept.
/// </summary>
internal sealed class ArchiveTree(string root, string shown, UnpackBudget budget, ICollection<string> warnings)
{
    private const UnixFileMode Permissions = (UnixFileMode)0b111_111_111;
    private const int MostWarnings = 100;
    private string? _lastFolder;

    public async Task FileAsync(string name, Stream content, UnixFileMode? mode, DateTime? modified, CancellationToken ct, SparseMap? sparse = null)
    {
        var path = Place(name);
        await using var file = Make(
            name, () => LocalFiles.Open(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 }));
        if (sparse is null) await budget.CopyAsync(content, file, ct);
        else await SpreadAsync(name, content, file, sparse, ct);
        if (!OperatingSystem.IsWindows() && mode is { } bits)
            File.SetUnixFileMode(file.SafeFileHandle, (bits & Permissions) | UnixFileMode.UserRead | UnixFileMode.UserWrite);
        if (modified is { } time) File.SetLastWriteTimeUtc(file.SafeFileHandle, time);
    }

    public void Folder(string name)
    {
        budget.Entry();
        if (name.Length > 0 && name.Split('/').All(p => p is "" or ".") && !name.StartsWith('/')) return;
        var path = LocalName.Resolve(root, name, shown);
        Make(name, () => LocalName.MakeParents(root, path));
        if (FileKinds.Of(path) is not (FileKind.Missing or FileKind.Directory)) LocalFiles.Delete(path);
        Make(name, () => LocalFiles.MakeDirectory(path));
    }

    public void SymbolicLink(string name, string target)
    {
        RefuseOutside(name, target);
        var path = Place(name);
        Make(name, () => LocalFiles.SymbolicLink(path, target));
    }

    public void HardLink(string name, string target)
    {
        var existing = LocalName.Resolve(root, target, shown);
        var kind = LocalName.IsReal(root, existing) ? FileKinds.Of(existing) : FileKind.Missing;
        if (kind is not (FileKind.File or FileKind.SymbolicLink))
            throw Refused(name, $"is a hard link to '{Redacted.Of(target)}', which is no earlier file of the archive");
        // A link to a link is that link under another name, and may lead elsewhere from there.
        if (kind == FileKind.SymbolicLink) RefuseOutside(name, LocalFiles.LinkTarget(existing)!);
        if (LocalName.Resolve(root, name, shown) == existing)
        {
            budget.Entry();
            return;
        }

        var path = Place(name);
        if (LocalFiles.HardLink(existing, path)) return;
        if (kind == FileKind.SymbolicLink) LocalFiles.SymbolicLink(path, LocalFiles.LinkTarget(existing)!);
        else LocalFiles.Copy(existing, path);
    }

    public void Skip(string name, string kind)
    {
        budget.Entry();
        Warn($"'{Redacted.Of(name)}' was not unpacked: it is {kind}.");
    }

    public void Warn(string text)
    {
        if (warnings.Count < MostWarnings) warnings.Add($"{shown}: {text}");
    }

    public IntegrityException Refused(string name, string why) =>
        new($"{shown}: the entry '{Redacted.Of(name)}' {why}: the archive is refused, nothing of it was kept.");

    /// <summary>Where an entry goes; what an earlier entry of the same name left there makes room.</summary>
    private string Place(string name)
    {
        budget.Entry();
        var path = LocalName.Resolve(root, name, shown);
        // A name that is a folder once is never anything else later on.
        if (Path.GetDirectoryName(path) is var folder && folder != _lastFolder)
        {
            Make(name, () => LocalName.MakeParents(root, path));
            _lastFolder = folder;
        }

        switch (Make(name, () => FileKinds.Of(path)))
        {
            case FileKind.Missing:
                break;
            case FileKind.Directory:
                throw Refused(name, "has the name of an earlier folder");
            default:
                LocalFiles.Delete(path);
                break;
        }

        return path;
    }

    private void RefuseOutside(string name, string target)
    {
        // Only leading ".." can be judged by the text alone: after a name they would be taken from wherever that name, a link perhaps, leads.
        var parts = target.Split('/').Where(p => p is not ("" or ".")).ToArray();
        var up = parts.TakeWhile(p => p == "..").Count();
        var depth = name.Split('/').Count(p => p is not ("" or ".")) - 1;
        if (target.Length == 0 || target.StartsWith('/') || target.Contains('\0') || up > depth || parts.Skip(up).Contains(".."))
            throw Refused(name, $"is a link to '{Redacted.Of(target)}', which leads or could lead outside");
    }

    private async Task SpreadAsync(string name, Stream content, FileStream file, SparseMap sparse, CancellationToken ct)
    {
        budget.Bytes(sparse.Length - sparse.Stored);
        foreach (var (offset, length) in sparse.Pieces)
        {
            Make(name, () => file.Position = offset);
            await budget.CopyAsync(content, file, ct, length);
        }

        Make(name, () => file.SetLength(sparse.Length));
    }

    private void Make(string name, Action make) => Make(name, () =>
    {
        make();
        return true;
    });

    /// <summary>Does what can fail by the entry's own fault: by its name, by what an earlier one has made of the folders in it, or by its size.</summary>
    private T Make<T>(string name, Func<T> make)
    {
        const int Exists = 17, NotADirectory = 20, IsADirectory = 21, Invalid = 22, TooBig = 27, NoSuchCharacters = 84;
        try
        {
            return make();
        }
        catch (BadUriException e)
        {
            throw Refused(name, $"goes through a link ({e.Message.TrimEnd('.')})");
        }
        catch (Exception e)
            when (e is PathTooLongException or ArgumentException or IOException
                { HResult: Exists or NotADirectory or IsADirectory or Invalid or TooBig or NoSuchCharacters })
        {
            throw Refused(name, $"cannot be made ({e.Message.TrimEnd('.')})");
        }
    }
}
