using System.Runtime.InteropServices;
using Scitq.Fetch.Local;

namespace Scitq.Fetch.Archives;

/// <summary>
/// The directory an archive unfolds in. Names, links and modes in it are hostile: nothing gets out of it, neither at once nor through a
/// link made by an earlier entry, and nothing in it has more rights than a plain file.
/// </summary>
internal sealed partial class ArchiveTree(string root, string shown, UnpackBudget budget, ICollection<string> warnings)
{
    private const UnixFileMode Permissions = (UnixFileMode)0b111_111_111;
    private const int MostWarnings = 100;

    public async Task FileAsync(string name, Stream content, UnixFileMode? mode, DateTimeOffset? modified, CancellationToken ct, Action<ReadOnlyMemory<byte>>? seen = null)
    {
        var path = Place(name);
        await using (var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous, BufferSize = 0 }))
            await budget.CopyAsync(content, file, ct, seen);
        if (mode is { } bits && !OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, (bits & Permissions) | UnixFileMode.UserRead | UnixFileMode.UserWrite);
        if (modified is { } time && time.Year > 1970) File.SetLastWriteTimeUtc(path, time.UtcDateTime);
    }

    public void Folder(string name)
    {
        budget.Entry();
        if (name.Split('/').All(p => p is "" or ".") && !name.StartsWith('/')) return;
        var path = LocalName.Resolve(root, name, shown);
        LocalName.MakeParents(root, Path.Combine(path, "x"));
    }

    public void SymbolicLink(string name, string target)
    {
        // Only leading ".." can be judged by the text alone: after a name they would be taken from wherever that name, a link perhaps, leads.
        var parts = target.Split('/').Where(p => p is not ("" or ".")).ToArray();
        var up = parts.TakeWhile(p => p == "..").Count();
        var depth = name.Split('/').Count(p => p is not ("" or ".")) - 1;
        if (target.Length == 0 || target.StartsWith('/') || target.Contains('\0') || up > depth || parts.Skip(up).Contains(".."))
            throw Refused(name, $"is a link to '{Redacted.Of(target)}', which leads or could lead outside");
        var path = Place(name);
        File.CreateSymbolicLink(path, target);
    }

    public void HardLink(string name, string target)
    {
        var existing = LocalName.Resolve(root, target, shown);
        LocalName.MakeParents(root, existing);
        if (FileKinds.Of(existing) != FileKind.File) throw Refused(name, $"is a hard link to '{Redacted.Of(target)}', which is no earlier file of the archive");
        var path = Place(name);
        if (path == existing) throw Refused(name, "is a hard link to itself");
        if (OperatingSystem.IsWindows()) File.Copy(existing, path);
        else if (Link(existing, path) != 0) throw new IOException($"'{path}' could not be linked (error {Marshal.GetLastPInvokeError()}).", Marshal.GetLastPInvokeError());
    }

    public void Skip(string name, string kind)
    {
        budget.Entry();
        if (warnings.Count < MostWarnings) warnings.Add($"{shown}: '{Redacted.Of(name)}' was not unpacked: it is {kind}.");
    }

    public IntegrityException Refused(string name, string why) =>
        new($"{shown}: the entry '{Redacted.Of(name)}' {why}: the archive is refused, nothing of it was kept.");

    /// <summary>Where an entry goes; what an earlier entry of the same name left there makes room.</summary>
    private string Place(string name)
    {
        budget.Entry();
        var path = LocalName.Resolve(root, name, shown);
        LocalName.MakeParents(root, path);
        switch (FileKinds.Of(path))
        {
            case FileKind.Missing:
                break;
            case FileKind.Directory:
                throw Refused(name, "has the name of an earlier folder");
            default:
                File.Delete(path);
                break;
        }

        return path;
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string path);
}
