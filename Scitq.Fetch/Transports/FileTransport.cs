using System.Runtime.CompilerServices;
using Scitq.Contracts;
using Scitq.Fetch.Local;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Transports;

/// <summary><c>file://</c>: paths of this machine, or of what is mounted on it.</summary>
internal sealed class FileTransport(FetchOptions options) : ITransport
{
    private readonly FileRoots _roots = new(options.FileRoots);

    public TransportCapabilities Can =>
        TransportCapabilities.Get | TransportCapabilities.Put | TransportCapabilities.List | TransportCapabilities.Delete | TransportCapabilities.Ranges;

    /// <exception cref="AccessDeniedException">The path is not below an allowed directory.</exception>
    public void Check(DataUri uri) => _roots.Check(uri);

    public Task<DataEntry?> StatAsync(DataUri uri, CancellationToken ct)
    {
        _roots.Check(uri);
        // A link given by name is followed: /data is full of them. In listings they are not.
        FileFacts found;
        try
        {
            found = FileFacts.Of(uri.Path, follow: true);
        }
        catch (IOException e)
        {
            throw new BadUriException($"{Redacted.Of(uri)}: {e.Message}", e);
        }

        return found.Kind switch
        {
            FileKind.File => Task.FromResult<DataEntry?>(Entry(uri, Path.GetFileName(uri.Path), found)),
            FileKind.Missing or FileKind.Directory => Task.FromResult<DataEntry?>(null),
            var kind => throw new UnsupportedTransferException($"{Redacted.Of(uri)} is {kind.InWords()}: only files can be moved."),
        };
    }

    /// <summary>The symbolic link that is at this very place; null when something else is there. It may lead to anything, and nobody has named that.</summary>
    /// <exception cref="BadUriException">A final slash asks for what is below it.</exception>
    public DataEntry? LinkAt(DataUri uri)
    {
        var path = Path.TrimEndingDirectorySeparator(uri.Path);
        if (FileKinds.Of(path) != FileKind.SymbolicLink) return null;
        return uri.IsFolder
            ? throw new BadUriException(
                $"{Redacted.Of(uri)} is a symbolic link: leave out the final slash to mean the link itself, or name the folder it leads to.")
            : new DataEntry { Uri = uri, Name = Path.GetFileName(path), Size = 0 };
    }

    public Task<Stream> OpenAsync(DataEntry entry, long offset, long? length, CancellationToken ct)
    {
        _roots.Check(entry.Uri);
        var stream = options.OpenFile is { } open ? open(Open) : Open();
        _roots.CheckOpened(stream, entry.Uri);
        if (entry.Version is not null && Version(stream.Length, File.GetLastWriteTimeUtc(stream.SafeFileHandle)) != entry.Version)
        {
            stream.Dispose();
            throw new SourceChangedException(entry.Uri);
        }

        stream.Position = offset;
        return Task.FromResult<Stream>(stream);

        FileStream Open() =>
            LocalFiles.Open(entry.Uri.Path, new FileStreamOptions { Options = FileOptions.SequentialScan | FileOptions.Asynchronous, BufferSize = 0 });
    }

    public async Task<DataEntry> PutAsync(DataUri uri, PutContent content, CancellationToken ct)
    {
        _roots.Check(uri);
        var target = Path.GetFullPath(uri.Path);
        using var way = DeepPath.To(target, folder => NewFiles.MakeFolder(folder, options.Umask));
        target = way.Path;
        PartFile.RefuseOther(target, uri);
        var part = PartFile.NameFor(target, content.Identity ?? Guid.NewGuid().ToString("N"));
        // Made anew: where others may write, a link of that name may wait.
        LocalFiles.Delete(part);
        try
        {
            var file = new FileStreamOptions
                { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, Options = FileOptions.Asynchronous, BufferSize = 0 };
            // Closed to others until it has the mode of its source.
            if (content.Mode is not null && !OperatingSystem.IsWindows()) file.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            await using (var written = LocalFiles.Open(part, file))
            {
                _roots.CheckOpened(written, uri);
                if (content.Mode is null) NewFiles.Open(written, options.Umask);
                await content.Body.CopyToAsync(written, 1 << 20, ct);
                FileModes.Set(written.SafeFileHandle, content.Mode);
                if (content.Modified is { } modified) File.SetLastWriteTimeUtc(written.SafeFileHandle, modified.UtcDateTime);
            }

            PartFile.Publish(part, target, uri);
        }
        finally
        {
            LocalFiles.Delete(part);
        }

        return Entry(uri, Path.GetFileName(target), FileFacts.Of(target, follow: true));
    }

    public async IAsyncEnumerable<DataEntry> ListAsync(DataUri folder, bool recursive, Action<LeftOut>? leftOut, [EnumeratorCancellation] CancellationToken ct)
    {
        _roots.Check(folder);
        if (FileKinds.Of(folder.Path, follow: true) != FileKind.Directory)
            throw new DataNotFoundException($"{Redacted.Of(folder)}: there is no such directory.");
        foreach (var (name, _, facts) in LocalTree.Walk(folder.Path, recursive, ct, (name, what) =>
            leftOut?.Invoke(new LeftOut(name, what, what == LocalTree.EmptyFolder))))
        {
            yield return facts.Kind == FileKind.File
                ? Entry(folder.At(folder.Path + name), name, facts)
                : new DataEntry { Uri = folder.At(folder.Path + name + "/"), Name = name, Size = 0, IsFolder = true, Modified = facts.Modified };
        }

        await Task.CompletedTask;
    }

    public Task DeleteAsync(DataUri uri, CancellationToken ct)
    {
        _roots.Check(uri);
        LocalFiles.Delete(uri.Path);
        return Task.CompletedTask;
    }

    public async Task RemoveFolderAsync(DataUri folder, CancellationToken ct)
    {
        _roots.Check(folder);
        if (FileKinds.Of(folder.Path.TrimEnd('/')) != FileKind.Directory) return;
        foreach (var sub in LocalFiles.NamesIn(folder.Path).Select(name => Path.Combine(folder.Path, name))
            .Where(path => FileKinds.Of(path) == FileKind.Directory).ToArray())
            await RemoveFolderAsync(folder.At(sub), ct);
        if (!LocalFiles.NamesIn(folder.Path).Any()) LocalFiles.DeleteDirectory(folder.Path);
    }

    private static DataEntry Entry(DataUri uri, string name, FileFacts file) => new()
    {
        Uri = uri,
        Name = name,
        Size = file.Size,
        Modified = file.Modified,
        Created = file.Created,
        Version = Version(file.Size, file.Modified),
        Mode = FileModes.Of(file),
    };

    private static string Version(long size, DateTime modified) => $"{size}-{modified.Ticks}";
}
