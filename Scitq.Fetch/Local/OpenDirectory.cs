using System.Runtime.InteropServices;

namespace Scitq.Fetch.Local;

/// <summary>An open directory and a place in its list of names, which are bytes that end with a zero.</summary>
internal sealed unsafe class OpenDirectory(int fd, byte[] name) : IDisposable
{
    private const int BufferSize = 32 * 1024;
    private const byte KindUnknown = 0, KindDirectory = 4;
    private byte* _buffer;
    private nint _filled;
    private nint _next;

    public int Fd => fd;

    /// <summary>In the directory above, with its final zero.</summary>
    public byte[] Name => name;

    /// <summary>Opens a directory by its path, whose last part may not be a link; -1 with the error where that can't be.</summary>
    public static OpenDirectory? Open(string path, out int error)
    {
        var fd = Descriptors.OpenAt(Descriptors.AtCurrentDirectory, path,
            Descriptors.ReadOnly | Descriptors.OnlyDirectories | Descriptors.NoFollow | Descriptors.CloseOnExec);
        error = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
        return fd < 0 ? null : new OpenDirectory(fd, [0]);
    }

    /// <summary>The next name, but for . and ..; null at the end of the list. It stays where it is until the next call.</summary>
    /// <param name="mayBeDirectory">Whether it is a directory, or the file system does not say.</param>
    public byte* Next(out bool mayBeDirectory)
    {
        if (_buffer is null) _buffer = (byte*)NativeMemory.Alloc(BufferSize);
        while (true)
        {
            if (_next >= _filled)
            {
                _next = 0;
                _filled = Descriptors.ReadEntries(fd, _buffer, BufferSize);
                if (_filled <= 0)
                {
                    // An error ends the list as well: then the directory can't be removed, and that tells why.
                    _filled = 0;
                    mayBeDirectory = false;
                    return null;
                }
            }

            // struct linux_dirent64: inode, offset, length of the record, kind, name.
            var entry = _buffer + _next;
            _next += *(ushort*)(entry + 16);
            var found = entry + 19;
            if (found[0] == '.' && (found[1] == 0 || (found[1] == '.' && found[2] == 0))) continue;
            mayBeDirectory = entry[18] is KindDirectory or KindUnknown;
            return found;
        }
    }

    /// <summary>Begins the list anew.</summary>
    public void Rewind()
    {
        _ = Descriptors.Seek(fd, 0, 0);
        _filled = _next = 0;
    }

    public void Dispose()
    {
        NativeMemory.Free(_buffer);
        _buffer = null;
        _ = Descriptors.Close(fd);
    }
}
