namespace Scitq.Hosting;

/// <summary>A file that only takes room, so that there is some to be given back when a disk is full.</summary>
/// <param name="directory">A directory on that disk.</param>
public sealed class Ballast(string directory)
{
    private readonly FileInfo _file = new(Path.Combine(directory, ".ballast"));

    /// <summary>Whether the file is there.</summary>
    public bool IsHeld
    {
        get
        {
            _file.Refresh();
            return _file.Exists;
        }
    }

    /// <summary>Takes the room; false when the disk does not have it.</summary>
    public bool TryTake(long bytes)
    {
        try
        {
            // The blocks are really taken, where the file system can promise them.
            new FileStream(_file.FullName, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, PreallocationSize = bytes }).Dispose();
            return true;
        }
        catch (IOException)
        {
            Release();
            return false;
        }
    }

    /// <summary>Gives the room back.</summary>
    public void Release()
    {
        try
        {
            _file.Delete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A read-only file system has other troubles.
        }
    }
}
