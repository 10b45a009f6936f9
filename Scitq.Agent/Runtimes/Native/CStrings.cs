using System.Runtime.InteropServices;
using System.Text;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>A null-terminated array of C strings, in one piece of memory.</summary>
internal readonly unsafe ref struct CStrings
{
    private readonly void* _memory;

    public CStrings(IReadOnlyCollection<string> strings)
    {
        var pointers = (nuint)(strings.Count + 1) * (nuint)sizeof(byte*);
        var size = pointers + (nuint)strings.Sum(s => (long)Encoding.UTF8.GetByteCount(s) + 1);
        _memory = NativeMemory.Alloc(size);
        var slot = (byte**)_memory;
        var text = (byte*)_memory + pointers;
        var left = (int)(size - pointers);
        foreach (var s in strings)
        {
            *slot++ = text;
            var length = Encoding.UTF8.GetBytes(s, new Span<byte>(text, left));
            text[length] = 0;
            text += length + 1;
            left -= length + 1;
        }
        *slot = null;
    }

    public byte** Pointer => (byte**)_memory;

    public void Dispose() => NativeMemory.Free(_memory);
}
